"""Plots as SVG, drawn by hand: bars for ratios, lines for growth."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 720
# A rival has one colour wherever it stands; what the floor is, is grey.
COLOURS = {
    "boto3": "#7f7f7f",
    "aiobotocore": "#1f77b4",
    "capo-ec2": "#8c564b",
    "httpx + botocore signer + lxml": "#d62728",
    "ec2lite": "#2ca02c",
    "ec2lite, SigV4()": "#98df8a",
    "ec2lite, SigV4(), [fast]": "#17becf",
}
FLOOR = "#c7c7c7"


def colour_of(label: str) -> str:
    return COLOURS.get(label, FLOOR)


def rounded_up(value: float) -> float:
    """Return the next number above whose quarters are short: 4, 6, 8 or 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value)


def text(x: float, y: float, content: str, anchor: str = "start", extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{escape(content)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'


def write(path: Path, height: float, parts: list[str]) -> None:
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>'
        + "\n".join(parts)
        + "\n</svg>\n",
        encoding="utf-8",
    )


def bars(path: Path, title: str, groups: list[tuple[str, list[tuple[str, float]]]]) -> None:
    """Draw ratios, a group for each measure; a line stands at 1, where the base is."""
    left, right, row = 250, 60, 18
    largest = max(1.0, *(value for _, rows in groups for _, value in rows))
    scale = (WIDTH - left - right) / largest
    parts, y = [text(12, 22, title, extra='font-size="15"')], 40.0
    for name, rows in groups:
        parts.append(text(12, y + 12, name, extra='font-weight="bold"'))
        y += row
        for label, value in rows:
            parts += [
                text(left - 8, y + 12, label, "end"),
                f'<rect x="{left}" y="{y}" width="{value * scale:.1f}" height="{row - 4}" '
                f'fill="{colour_of(label)}"/>',
                text(left + value * scale + 4, y + 12, f"{value:.2f}"),
            ]
            y += row
        y += 8
    parts.append(line(left + scale, 32, left + scale, y, 'stroke="black" stroke-dasharray="3"'))
    write(path, y + 8, parts)


def lines(
    path: Path, title: str, x_label: str, y_label: str, series: dict[str, list[tuple[float, float]]]
) -> None:
    """Draw curves over linear axes from zero."""
    left, top, width, height = 70, 40, 430, 300
    x_most = max(x for points in series.values() for x, _ in points)
    y_most = rounded_up(max(y for points in series.values() for _, y in points) or 1.0)
    bottom = top + height
    parts = [
        text(12, 22, f"{title}, {y_label}", extra='font-size="15"'),
        line(left, top, left, bottom, 'stroke="black"'),
        line(left, bottom, left + width, bottom, 'stroke="black"'),
        text(left + width / 2, bottom + 36, x_label, "middle"),
    ]
    for step in range(5):
        part = step / 4
        parts += [
            text(left + part * width, bottom + 16, f"{part * x_most:,.0f}", "middle"),
            text(left - 6, bottom - part * height + 4, f"{part * y_most:,.4g}", "end"),
        ]
    for index, (name, points) in enumerate(series.items()):
        colour = colour_of(name)
        path_points = " ".join(
            f"{left + x / x_most * width:.1f},{bottom - y / y_most * height:.1f}" for x, y in points
        )
        parts += [
            f'<polyline points="{path_points}" fill="none" stroke="{colour}" stroke-width="2"/>',
            *(
                f'<circle cx="{left + x / x_most * width:.1f}" '
                f'cy="{bottom - y / y_most * height:.1f}" r="3" fill="{colour}"/>'
                for x, y in points
            ),
            line(
                left + width + 14,
                top + 20 * index,
                left + width + 34,
                top + 20 * index,
                f'stroke="{colour}" stroke-width="2"',
            ),
            text(left + width + 40, top + 20 * index + 4, name),
        ]
    write(path, bottom + 50, parts)
