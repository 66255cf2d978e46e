"""From samples to medians, spreads and ratios; and from those to a table and plots."""

from __future__ import annotations

import json
import os
import platform
import statistics
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import environments
import plots

if TYPE_CHECKING:
    from measures import Measure

Samples = dict[str, list[float]]  # a rival's samples, one a round


def summary(measure: Measure, samples: Samples) -> dict[str, Any]:
    """Return medians, spreads and ratios of a measure's rivals.

    A ratio is the median of each round's ratio: what disturbs the machine then disturbs both. The
    spread is that of the middle half of the rounds, as a share of the median.
    """
    rows = {}
    base = samples.get(measure.base)
    for rival, values in samples.items():
        row: dict[str, Any] = {
            "median": statistics.median(values) * measure.scale,
            "spread": _spread(values),
            "samples": [value * measure.scale for value in values],
        }
        if base:
            row["ratio"] = statistics.median(
                [value / other for value, other in zip(values, base, strict=True)]
            )
        if rival in measure.goals:
            row["goal"] = measure.goals[rival]
        rows[rival] = row
    return {"title": measure.title, "unit": measure.unit, "base": measure.base, "rivals": rows}


def _spread(values: list[float]) -> float:
    if len(values) < 2:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / statistics.median(values)


def table(summaries: list[dict[str, Any]]) -> str:
    lines = [
        "| work | who | median | spread | ratio | goal |",
        "| --- | --- | --: | --: | --: | --: |",
    ]
    for each in summaries:
        work = each["title"]
        for rival, row in each["rivals"].items():
            ratio = f"{row['ratio']:.2f}" if "ratio" in row else ""
            goal = f"{row['goal']:.2f}" if "goal" in row else ""
            median = f"{row['median']:,.4g} {each['unit']}"
            who = environments.title(rival)
            lines.append(f"| {work} | {who} | {median} | {row['spread']:.0%} | {ratio} | {goal} |")
            work = ""
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    model = platform.processor() or platform.machine()
    try:
        info = Path("/proc/cpuinfo").read_text()
        model = info.partition("model name\t: ")[2].partition("\n")[0] or model
    except OSError:
        pass
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": model,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def write_part(where: Path, name: str, results: dict[str, Any]) -> None:
    """Write a part of a run: its table, and its samples."""
    (where / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    text = [
        f"# Benchmarks: {name}",
        "",
        f"Written by `benchmarks/run.py --{name}`. {_circumstances(results)}",
        "",
        table(list(results["measures"].values())),
        "",
        _versions(results),
    ]
    (where / f"{name}.md").write_text("\n".join(text) + "\n", encoding="utf-8")


def _circumstances(results: dict[str, Any]) -> str:
    about = results["machine"]
    return (
        f"On {about['date']}: Python {about['python']}, "
        f"{about['system']}, {about['cores']} cores ({about['processor']}), load "
        f"{about['load']:.1f} at the start and {results['load_after']:.1f} at the end, "
        f"{results['rounds']} rounds."
    )


def _versions(results: dict[str, Any]) -> str:
    packages = {
        f"{name} {version}" for env in results["versions"].values() for name, version in env.items()
    }
    return "Versions: " + ", ".join(sorted(packages)) + "."


def write(where: Path, results: dict[str, Any]) -> None:
    """Write ``results.md``, ``results.json`` and the plots."""
    where.mkdir(parents=True, exist_ok=True)
    (where / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    summaries = list(results["measures"].values())
    text = [
        "# Benchmarks",
        "",
        f"Written by `benchmarks/run.py`. {_circumstances(results)}",
        "",
        "Each rival in an environment of its own; they take turns in every round. The server is a "
        "process of its own on loopback and speaks plain HTTP. A ratio is to the first line of its "
        "block, the median of the rounds' own ratios; a spread is the middle half of the samples. "
        "Less is better, but for calls a second.",
        "",
        table(summaries),
        "",
        "![ratios](ratios.svg)",
        "",
        *(f"![{name}]({name}.svg)\n" for name in results["growth"]),
        _versions(results),
    ]
    (where / "results.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    draw(where, results)


def draw(where: Path, results: dict[str, Any]) -> None:
    groups = [
        (
            f"{each['title']} (1 is {environments.title(each['base'])})",
            [
                (environments.title(rival), row["ratio"])
                for rival, row in each["rivals"].items()
                if "ratio" in row and rival != each["base"]
            ],
        )
        for each in results["measures"].values()
    ]
    plots.bars(where / "ratios.svg", "Ratios in one run", [group for group in groups if group[1]])
    for name, growth in results["growth"].items():
        series = {environments.title(rival): points for rival, points in growth["series"].items()}
        plots.lines(where / f"{name}.svg", growth["title"], growth["x"], growth["y"], series)
