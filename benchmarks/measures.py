"""What is measured, of whom, against whom, and what issue it is to reach."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Measure:
    key: str
    title: str
    unit: str
    base: str  # the rival that counts as 1
    rivals: tuple[str, ...]
    goals: dict[str, float]
    # What the worker is told, or None for what starts cold.
    command: dict[str, Any] | None = None
    scale: float = 1.0
    more_is_better: bool = False


SYNC = ("boto", "capo", "plain", "ours", "ours_sigv4", "ours_fast", "floor_httpclient", "floor")
ASYNC = ("aioboto", "capo", "plain", "ours", "ours_sigv4", "ours_fast")
COLD = ("boto", "capo", "plain", "ours", "ours_sigv4", "ours_fast")
COMMANDS = ("aws_cli", "boto", "ours_cli")


def cpu(ids: int, calls: int, goals: dict[str, float]) -> Measure:
    return Measure(
        key=f"cpu_{ids}",
        title=f"CPU of a call, {ids} id{'s' if ids > 1 else ''}",
        unit="µs",
        base="boto",
        rivals=SYNC,
        goals=goals,
        command={"measure": "cpu", "ids": ids, "calls": calls},
        scale=1e6,
    )


def rate(
    concurrency: int, calls: int, ours_sigv4: float, ours_fast: float
) -> tuple[Measure, Measure]:
    by_clock = Measure(
        key=f"rate_{concurrency}",
        title=f"async calls a second, {concurrency} at once",
        unit="/s",
        base="aioboto",
        rivals=ASYNC,
        goals={"ours_sigv4": ours_sigv4, "ours_fast": ours_fast},
        command={"measure": "rate", "concurrency": concurrency, "calls": calls},
        more_is_better=True,
    )
    by_cpu = dataclasses.replace(
        by_clock,
        key=f"rate_{concurrency}_cpu",
        title=f"async calls a second of CPU, {concurrency} at once",
    )
    return by_clock, by_cpu


WARM = [
    (cpu(1, 300, {"ours_sigv4": 0.52, "ours_fast": 0.28}),),
    (cpu(1000, 12, {"ours": 0.14}),),
    rate(1, 300, 1.4, 2.5),
    rate(50, 1000, 1.6, 3.2),
    rate(500, 1500, 1.7, 3.8),
]

START_GOALS = {"ours": 0.50, "ours_sigv4": 0.38, "ours_fast": 0.33}
COLD_START = Measure(
    "cold", "cold start to the first answer", "ms", "boto", COLD, START_GOALS, scale=1e3
)
COLD_CPU = Measure("cold_cpu", "CPU of that", "ms", "boto", COLD, START_GOALS, scale=1e3)
PEAK = Measure(
    "peak",
    "peak memory of that",
    "MiB",
    "boto",
    COLD,
    {"ours": 0.52, "ours_sigv4": 0.42},
    scale=1 / 2**20,
)
COMMAND = Measure(
    "command",
    "a command line, whole process",
    "ms",
    "aws_cli",
    COMMANDS,
    {"ours_cli": 0.25},
    scale=1e3,
)
COMMAND_CPU = Measure(
    "command_cpu", "CPU of that", "ms", "aws_cli", COMMANDS, {"ours_cli": 0.25}, scale=1e3
)
COMMAND_PEAK = Measure(
    "command_peak", "peak memory of that", "MiB", "aws_cli", COMMANDS, {}, scale=1 / 2**20
)
COMMAND_BY_BOTO = Measure(
    "command_by_boto",
    "CPU of that, against a boto3 script",
    "ms",
    "boto",
    COMMANDS,
    {"ours_cli": 0.42},
    scale=1e3,
)
IMPORT = Measure(
    "import",
    "the import alone",
    "ms",
    "boto",
    ("boto", "aioboto", "capo", "ours"),
    {"ours": 0.15},
    scale=1e3,
)
CLIENTS = Measure(
    "clients",
    "one more client, before its first call",
    "KiB",
    "boto",
    ("boto", "capo", "ours"),
    {},
    scale=1 / 1024,
)

# How cost grows: the key, the axes, the rivals and how far each is followed.
IDS = (1, 10, 100, 250, 500, 1000)
CONCURRENCY = (1, 10, 50, 100, 250, 500, 1000)
CLIENT_COUNTS = (1, 10, 100, 1000, 10_000)
