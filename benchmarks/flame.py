"""A flame graph of the sync call: `python benchmarks/flame.py [file.svg] [seconds]`.

A timer of CPU time interrupts the calls a thousand times a second and notes the stack. A box is as
wide as the share of the samples that it was in; what it calls stands below it.
"""

from __future__ import annotations

import collections
import signal
import sys
import time
from html import escape
from pathlib import Path

from processes import Server
from rivals import ours_sigv4

WIDTH, ROW = 1200, 17
COLOURS = {"ec2lite": "#9ecae1", "httpx": "#a1d99b", "httpcore": "#fdae6b", "h11": "#fc9272"}


class Node:
    def __init__(self) -> None:
        self.count = 0
        self.children: dict[str, Node] = collections.defaultdict(Node)


def sample(call, seconds: float) -> Node:
    root = Node()

    def note(_signal, frame):
        stack = []
        while frame is not None:
            code = frame.f_code
            stack.append(f"{_package(code.co_filename)}:{code.co_qualname}")
            frame = frame.f_back
        node = root
        node.count += 1
        for name in reversed(stack[:-3]):  # without this file's own frames
            node = node.children[name]
            node.count += 1

    signal.signal(signal.SIGPROF, note)
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        call(["i-00000000000000000"])
    signal.setitimer(signal.ITIMER_PROF, 0)
    return root


def _package(path: str) -> str:
    parts = Path(path.rpartition("site-packages")[2]).parts
    for package in (*COLOURS, "anyio", "attr", "lxml"):
        if package in parts:
            return package
    return Path(path).stem


def draw(root: Node) -> str:
    boxes: list[str] = []
    deepest = 0

    def place(name: str, node: Node, left: float, depth: int) -> None:
        nonlocal deepest
        width = node.count / root.count * WIDTH
        if width < 2:
            return
        deepest = max(deepest, depth)
        boxes.append(_box(name, node.count / root.count, left, depth * ROW, width))
        for child_name, child in sorted(node.children.items()):
            place(child_name, child, left, depth + 1)
            left += child.count / root.count * WIDTH

    place("one stop_instances call", root, 0, 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {(deepest + 1) * ROW}" '
        'font-family="sans-serif" font-size="11">\n' + "\n".join(boxes) + "\n</svg>\n"
    )


def _box(name: str, share: float, left: float, top: float, width: float) -> str:
    colour = COLOURS.get(name.partition(":")[0], "#d9d9d9")
    label = name.partition(":")[2] or name
    letters = int(width / 6)
    shown = label if len(label) <= letters else label[: max(0, letters - 1)] + "…"
    text = f'<text x="{left + 3:.1f}" y="{top + 12}">{escape(shown)}</text>' if letters > 3 else ""
    return (
        f"<g><title>{escape(name)} {share:.1%}</title>"
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{ROW - 1}" fill="{colour}"/>'
        f"{text}</g>"
    )


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("flame.svg")
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 10.0
    with Server() as url:
        call = ours_sigv4.sync(url)
        for _ in range(100):
            call(["i-00000000000000000"])
        path.write_text(draw(sample(call, seconds)), encoding="utf-8")


if __name__ == "__main__":
    main()
