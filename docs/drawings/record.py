"""Record the command line: ``python docs/drawings/record.py`` writes recording.svg beside this file.

It starts ``ec2lite fake`` with instances one of which hangs, types commands, reads what they print
on a terminal and when, and draws that as an SVG that plays by itself. Nothing is invented.
"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from html import escape
from pathlib import Path

from ec2lite.testing import FakeEC2, RealClock

HERE = Path(__file__).parent
COLUMNS, ROWS = 100, 24
LINE, CHARACTER = 19, 8.1
SPEED = 8
"""How many times as fast as EC2 the fake changes states."""
NUMBER = 200
LAST = 3.0
"""Seconds for which the last picture stays."""

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*([A-Za-z])")


class Screen:
    """A terminal as far as the command line uses one: lines, a return to their beginning, erasing."""

    def __init__(self) -> None:
        self.lines = [""]
        self._column = 0

    def write(self, written: str) -> None:
        """Take what a program has printed."""
        place = 0
        while place < len(written):
            sequence = _ESCAPE.match(written, place)
            if sequence:
                self._erase(sequence[1])
                place = sequence.end()
                continue
            self._put(written[place])
            place += 1

    def _erase(self, what: str) -> None:
        if what == "K":
            self.lines[-1] = self.lines[-1][: self._column]

    def _put(self, character: str) -> None:
        if character == "\n":
            self.lines.append("")
            self._column = 0
        elif character == "\r":
            self._column = 0
        else:
            line = self.lines[-1].ljust(self._column)
            self.lines[-1] = line[: self._column] + character + line[self._column + 1 :]
            self._column += 1


def run(command: list[str], environment: dict[str, str]) -> list[tuple[float, str]]:
    """Return what a command printed on a terminal, each piece with its seconds."""
    begun = time.monotonic()
    mine, its = pty.openpty()
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment)
    os.close(its)
    pieces: list[tuple[float, str]] = []
    while True:
        readable, _, _ = select.select([mine], [], [], 0.1)
        try:
            piece = os.read(mine, 65536) if readable else b""
        except OSError:  # Linux says so at the end
            break
        if piece:
            pieces.append((time.monotonic() - begun, piece.decode()))
        elif process.poll() is not None:
            break
    os.close(mine)
    process.wait()
    return pieces


def record() -> list[tuple[float, list[str]]]:
    """Return the pictures, each with its seconds."""
    fake = FakeEC2(clock=RealClock(speed=SPEED))
    fake.run_instances(NUMBER, tags={"env": "dev"})
    (hangs,) = fake.run_instances(1, tags={"env": "dev"}, stuck="until-forced")
    commands = [
        "ec2lite stop --filter tag:env=dev --max 500 --wait --timeout 25",
        f"ec2lite stop {hangs} --force --wait",
    ]
    screen, pictures, now = Screen(), [(0.0, ["$ "])], 1.0
    screen.write("$ ")
    with fake.serve() as url:
        environment = {
            "PATH": os.environ["PATH"],
            "TERM": "xterm",
            "COLUMNS": str(COLUMNS),
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": fake.region,
            "AWS_ACCESS_KEY_ID": fake.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": fake.credentials.secret_access_key,
        }
        for command in commands:
            screen.write(f"{command}\n")
            pictures.append((now, screen.lines[:]))
            program = [sys.executable, "-m", *command.split()]
            for moment, piece in run(program, environment):
                screen.write(piece)
                pictures.append((now + moment, screen.lines[:]))
            now = pictures[-1][0] + 1.5
            screen.write("$ ")
            pictures.append((now - 1, screen.lines[:]))
    return pictures


def draw(pictures: list[tuple[float, list[str]]]) -> str:
    """Return an SVG that shows one picture after the other, again and again."""
    whole = pictures[-1][0] + LAST
    width, height = COLUMNS * CHARACTER + 32, ROWS * LINE + 32
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' role='img'"
        " font-family='ui-monospace, SFMono-Regular, Menlo, Consolas, monospace' font-size='13'>",
        "<title>ec2lite on a terminal</title>",
        # Dark in both themes, as terminals are; the border shows where a dark page begins.
        "<style>rect { fill: #161b22; stroke: #57606a } text { fill: #e6edf3; white-space: pre }"
        " g { visibility: hidden }</style>",
        f"<rect x='.5' y='.5' width='{width - 1:g}' height='{height - 1:g}' rx='10'/>",
    ]
    ends = [*(begin for begin, _ in pictures[1:]), whole]
    for (begin, lines), end in zip(pictures, ends, strict=True):
        if end - begin < 0.02:
            continue
        first, last = begin / whole, end / whole
        still = last == 1
        values, times = ("hidden;visible", f"0;{first:.5f}")
        if not still:
            values, times = "hidden;visible;hidden", f"0;{first:.5f};{last:.5f}"
        shown = [
            f"<text x='16' y='{28 + LINE * row}'>{escape(line[:COLUMNS])}</text>"
            for row, line in enumerate(lines[-ROWS:])
            if line.strip()
        ]
        # Who prints or does not animate sees the last picture.
        parts += [
            "<g style='visibility: visible'>" if still else "<g>",
            f"<animate attributeName='visibility' values='{values}' keyTimes='{times}'"
            f" dur='{whole:.2f}s' calcMode='discrete' repeatCount='indefinite'/>",
            *shown,
            "</g>",
        ]
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    (HERE / "recording.svg").write_text(draw(record()), "utf-8")
