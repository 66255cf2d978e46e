"""What the engine costs around a transport that answers at once, against another revision of it.

    python benchmarks/engine.py REVISION [--rounds N]

Two processes, one with this checkout and one with the revision's `ec2lite`, take turns. The figures
are CPU of a call with ``SigV4()``; a ratio is the median of the rounds' own ratios.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
CALLS = {1: 200, 10: 100, 1000: 4}


def measure(ids: int) -> None:
    """Print microseconds of CPU of a call, for each line on standard input."""
    from server import document
    from stages import IDS, KEYS, Null

    import ec2lite

    transport = Null(document(ids))
    ec2 = ec2lite.Client("eu-west-1", credentials=KEYS, transport=transport, signer=ec2lite.SigV4())
    some = IDS[:ids]
    for _ in range(20):
        ec2.stop_instances(some)
    for _ in sys.stdin:
        gc.collect()
        begin = time.process_time_ns()
        for _ in range(CALLS[ids]):
            ec2.stop_instances(some)
        print((time.process_time_ns() - begin) / CALLS[ids] / 1000, flush=True)


class Side:
    """A process with one of the two."""

    def __init__(self, where: str, ids: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--measure", str(ids)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": where},
        )

    def sample(self) -> float:
        print(file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


def compare(before: str, ids: int, rounds: int) -> str:
    sides = [Side(before, ids), Side(str(HERE.parent), ids)]
    samples = [[side.sample() for side in sides] for _ in range(rounds)]
    for side in sides:
        side.close()
    then, now = (statistics.median(each) for each in zip(*samples, strict=True))
    ratios = [b / a for a, b in samples]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return f"| {ids} | {then:,.1f} | {now:,.1f} | {middle:.2f} | {low:.2f} to {high:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", nargs="?", default="HEAD")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    with tempfile.TemporaryDirectory() as where:
        packed = subprocess.run(
            ["git", "archive", options.revision, "ec2lite"],
            cwd=HERE.parent,
            check=True,
            capture_output=True,
        ).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as tree:
            tree.extractall(where, filter="data")
        print(f"load {os.getloadavg()[0]:.1f}, {options.rounds} rounds\n")
        print(f"| ids | {options.revision}, µs | now, µs | ratio | middle half |")
        print("| --: | --: | --: | --: | --: |")
        for ids in CALLS:
            print(compare(where, ids, options.rounds), flush=True)


if __name__ == "__main__":
    main()
