"""Draw the pictures of the documents: ``python docs/drawings/draw.py`` writes them beside this file.

Each has a background of its own and colours for light and dark, so it can be read on any page.
The one of pacing is drawn from a run on the fake EC2.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from ec2lite.testing import FakeEC2

HERE = Path(__file__).parent
FONT = "font-family='ui-sans-serif, system-ui, Helvetica, Arial, sans-serif'"
STYLE = """
  .page { fill: #ffffff } .ink { fill: #1f2328 } .soft { fill: #57606a } .code { fill: #0550ae }
  .box { fill: #f6f8fa; stroke: #57606a } .line { stroke: #57606a; fill: none }
  .mark { stroke: #0550ae; fill: none } .tokens { stroke: #bc4c00; fill: none } .warm { fill: #bc4c00 }
  .tip { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    .page { fill: #161b22 } .ink { fill: #e6edf3 } .soft { fill: #9da7b3 } .code { fill: #79c0ff }
    .box { fill: #21262d; stroke: #9da7b3 } .line { stroke: #9da7b3 }
    .mark { stroke: #79c0ff } .tokens { stroke: #ffa657 } .warm { fill: #ffa657 } .tip { fill: #9da7b3 }
  }
"""


def text(
    x: float, y: float, words: str, kind: str = "ink", size: int = 13, anchor: str = "middle"
) -> str:
    """Return a line of text."""
    return f"<text x='{x:g}' y='{y:g}' class='{kind}' font-size='{size}' text-anchor='{anchor}'>{escape(words)}</text>"


def box(x: float, y: float, width: float, height: float) -> str:
    """Return a box with round corners."""
    return f"<rect x='{x:g}' y='{y:g}' width='{width:g}' height='{height:g}' rx='8' class='box'/>"


def arrow(path: str) -> str:
    """Return a line with a tip at its end."""
    return f"<path d='{path}' class='line' stroke-width='1.5' marker-end='url(#tip)'/>"


def picture(title: str, width: int, height: int, parts: list[str]) -> str:
    """Return a whole drawing; its title is for those who cannot see it."""
    tip = (
        "<marker id='tip' viewBox='0 0 10 10' refX='9' refY='5' markerWidth='7' markerHeight='7'"
        " orient='auto-start-reverse'><path d='M0 0 L10 5 L0 10 z' class='tip'/></marker>"
    )
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}'"
            f" height='{height}' role='img' {FONT}>",
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            f"<defs>{tip}</defs>",
            f"<rect width='{width}' height='{height}' rx='10' class='page'/>",
            *parts,
            "</svg>",
            "",
        ]
    )


def state(x: float, y: float, name: str, code: int, wait: str = "") -> list[str]:
    """Return a state of an instance, with its code, and the wait that ends in it."""
    lines = [
        box(x, y, 130, 52),
        text(x + 65, y + 23, name, size=15),
        text(x + 65, y + 42, f"code {code}", "soft", 12),
    ]
    return [*lines, text(x + 65, y + 70, wait, "code", 12)] if wait else lines


def life() -> str:
    """Draw the states of an instance, the calls between them and the waits that end in them."""
    parts = [
        *state(30, 60, "pending", 0),
        *state(300, 60, "running", 16),
        *state(570, 60, "stopping", 64),
        *state(570, 220, "stopped", 80, "wait_until_stopped"),
        *state(300, 220, "shutting-down", 32),
        *state(300, 350, "terminated", 48, "wait_until_terminated"),
        text(365, 46, "wait_until_running, _status_ok", "code", 12),
        arrow("M160 86 H298"),
        text(229, 78, "boots", "soft"),
        arrow("M430 86 H568"),
        text(499, 78, "stop_instances"),
        arrow("M635 112 V218"),
        text(645, 170, "shuts down", "soft", anchor="start"),
        arrow("M345 112 V218"),
        text(337, 170, "terminate_instances", anchor="end"),
        arrow("M395 112 C395 150 450 150 432 100"),
        text(450, 140, "reboot_instances", anchor="start"),
        arrow("M365 272 V348"),
        arrow("M570 246 H432"),
        text(501, 238, "terminate"),
        # The way back from stopped to pending, below everything.
        arrow("M635 296 V450 H95 V114"),
        text(210, 441, "start_instances"),
        text(95, 46, "launched", "soft"),
        text(
            30,
            480,
            "A code has 16 bits. The low byte is the state; the high byte is EC2's own, and is kept in raw_code:",
            "soft",
            13,
            "start",
        ),
        text(
            30,
            502,
            "raw_code 272 = 0x0110 = high byte 1, low byte 16: running.",
            "ink",
            13,
            "start",
        ),
        text(710, 502, "blue: which wait ends there", "code", 12, "end"),
    ]
    return picture(
        "The life of an instance: states, calls, waits, and the code's high byte", 740, 520, parts
    )


def way() -> str:
    """Draw a call's way through the house."""
    steps = [
        ("StopInstances(…)", "operations/stop_instances.py", "what the caller means"),
        ("form pairs, body", "protocol/query.py", "Action=StopInstances&Version=2016-11-15&…"),
        (
            "signed httpx.Request",
            "protocol/request.py, signing/",
            "a fresh date, fresh credentials",
        ),
        ("the network", "engine/world.py, transports/", "the only step with I/O"),
        ("Answer", "protocol/response.py, faults.py", "status, headers, the whole body"),
        ("StopInstancesResult", "operations/stop_instances.py", "or an EC2Error"),
    ]
    parts: list[str] = []
    for index, (name, where, what) in enumerate(steps):
        y = 24 + index * 74
        parts += [box(40, y, 220, 48), text(150, y + 30, name, size=15)]
        parts += [
            text(280, y + 21, where, "code", 13, "start"),
            text(280, y + 40, what, "soft", 13, "start"),
        ]
        if index:
            parts.append(arrow(f"M150 {y - 26} V{y - 2}"))
    parts += [
        arrow("M500 344 H560 V196 H496"),
        text(572, 262, "a transient error:", "warm", 13, "start"),
        text(572, 280, "pause, sign anew", "warm", 13, "start"),
        text(572, 298, "engine/attempts.py", "code", 12, "start"),
    ]
    return picture("A call's way through the house, with retries around it", 740, 476, parts)


def paced(number: int) -> tuple[list[tuple[float, int]], float, int]:
    """Stop instances of a fake EC2.

    Return how many had been accepted when, the seconds planned, and how many requests were refused.
    """
    fake = FakeEC2()
    ids = fake.run_instances(number)
    begun = fake.clock().timestamp()
    with fake.client() as ec2:
        plan = ec2.plan_stop(ids)
        ec2.stop_many(ids)
    accepted, points = 0, [(0.0, 0)]
    for call in fake.calls:
        moment = call.time.timestamp() - begun
        if call.action == "StopInstances" and call.outcome == "ok":
            points.append((moment, accepted))
            accepted += len(call.instance_ids)
            points.append((moment, accepted))
    refused = sum(call.outcome != "ok" for call in fake.calls)
    return points, plan.seconds, refused


def pacing(number: int = 3000) -> str:
    """Draw how a run keeps to AWS's bucket of instances."""
    points, planned, refused = paced(number)
    last = points[-1][0]
    left, top, width, height = 70, 50, 640, 280

    def spot(moment: float, value: float) -> str:
        return f"{left + width * moment / last:.1f} {top + height * (1 - value / number):.1f}"

    size, refill = 1000, 20
    tokens: list[tuple[float, float]] = []
    level, before, taken = float(size), 0.0, 0
    for moment, accepted in points:
        level = min(size, level + (moment - before) * refill)
        tokens.append((moment, level))
        level -= accepted - taken
        tokens.append((moment, level))
        before, taken = moment, accepted
    parts = [
        f"<path d='M{left} {top} V{top + height} H{left + width}' class='line' stroke-width='1.5'/>",
        f"<path d='M{' L'.join(spot(*each) for each in points)}' class='mark' stroke-width='2.5'/>",
        f"<path d='M{' L'.join(spot(*each) for each in tokens)}' class='tokens' stroke-width='2'/>",
        text(
            left,
            30,
            f"stop_many with {number} ids, on the fake EC2 with AWS's quotas",
            size=15,
            anchor="start",
        ),
        text(
            left + width * 0.62,
            top + height * 0.56,
            "accepted: a full bucket of 1000 at once, then 20 a second",
            "code",
            13,
        ),
        text(
            left + width * 0.5, top + height - 52, "tokens of the bucket of instances", "warm", 13
        ),
    ]
    parts += [
        text(left - 8, top + height * (1 - value / number) + 4, str(value), "soft", 12, "end")
        for value in range(0, number + 1, 1000)
    ]
    parts += [
        text(left + width * moment / last, top + height + 20, f"{moment} s", "soft", 12)
        for moment in range(0, int(last) + 1, 20)
    ]
    end = f"planned: {planned:.0f} s; it took {last:.0f} s, with {refused} requests throttled"
    parts.append(text(left + width, top + height + 44, end, "ink", 13, "end"))
    return picture("Pacing: instances accepted, and tokens left, over time", 740, 390, parts)


DRAWINGS = {"life": life, "call": way, "pacing": pacing}

if __name__ == "__main__":
    for name, draw in DRAWINGS.items():
        (HERE / f"{name}.svg").write_text(draw(), "utf-8")
