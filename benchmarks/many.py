"""Fifty thousand instances to stop: `python benchmarks/many.py` writes `docs/many-measured.md`.

All do the same work on a fake EC2 with AWS's quotas, on a virtual clock: of each kind of bad id one
in a hundred, 2 % of requests answered 503, 0.5 % of connections reset, half of them after EC2 has
carried out the request. Each outcome is compared with the truth. ``--smoke`` is quick, writes
nothing, and fails only if an outcome of ``stop_many`` is wrong.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import many_memory
import many_plot
import many_rivals
import many_world
from many_world import World

DOCS = Path(__file__).parent.parent / "docs"
SLOWER = 1.02  # times what AWS's bucket of instances allows
THROTTLED = 0.005  # of all requests
LEFT = 0.001  # of all instances may be left open: the three attempts of a request all failed
MEBIBYTES = 60
COLUMNS = "instances | seconds | as AWS allows | requests | throttled | wrong | left open"


class Row:
    """What a run took, and what came of it."""

    def __init__(self, name, world, outcomes, share=1.0):
        self.name = name
        self.count = len(world.truth)
        self.seconds = world.took()
        self.allowed = world.allowed(share)
        self.requests = len(world.calls)
        self.throttled = sum(each == "RequestLimitExceeded" for each in world.calls)
        self.wrong, self.open = world.compare(outcomes)
        self.series = world.progress()

    @property
    def ratio(self):
        """The seconds over those in which AWS's bucket of instances would give as many tokens."""
        return self.seconds / self.allowed

    def cells(self):
        share = f"{self.throttled:,} ({self.throttled / self.requests:.1%})"
        return [
            self.name,
            f"{self.count:,}",
            f"{self.seconds:,.0f}",
            f"{self.ratio:.2f}" if self.allowed > 0 else "",
            f"{self.requests:,}",
            share,
            f"{self.wrong:,}",
            f"{self.open:,}",
        ]

    def show(self):
        print(f"| {' | '.join(self.cells())} |", flush=True)
        return self

    def check(self, *, is_full):
        """Fail where it misses a goal of ``stop_many``; some are for large numbers alone."""
        assert self.wrong == 0, f"{self.name}: {self.wrong} outcomes are not true"
        if is_full:
            assert self.open <= self.count * LEFT, f"{self.name}: {self.open} are left open"
            assert self.throttled < self.requests * THROTTLED, f"{self.name}: {self.throttled}"
            assert self.ratio <= SLOWER, f"{self.name}: {self.ratio:.3f} of what AWS allows"
        return self


def ours(count, name="ec2lite, stop_many", **given):
    world = World(count, **given)
    with world.fake.client() as ec2:
        outcomes = ec2.stop_many(world.ids, hibernate=True, isolate_unauthorized=True).outcomes
    return Row(name, world, outcomes, given.get("share", 1.0)).show()


def rivals(count):
    """Run what others do; with fewer instances where it would take hours."""
    for name, work, part in many_rivals.RIVALS:
        world = World(max(count // part, 200))
        yield Row(name, world, work(world)).show()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="quick: does everything still run?")
    parser.add_argument("--count", type=int, default=50_000, help="how many instances")
    options = parser.parse_args()
    count = 1000 if options.smoke else options.count
    print(f"| who | {COLUMNS} |\n|{' --- |' * 8}")
    random.seed(1)  # the jitter's dice
    is_full = not options.smoke
    rows = [
        ours(count).check(is_full=is_full),
        ours(count, "the same, others taking a third", share=2 / 3).check(is_full=is_full),
        *rivals(200 if options.smoke else count),
    ]
    grown, memory = many_memory.measure(1000 if options.smoke else count)
    assert grown < MEBIBYTES, memory
    said = [
        many_world.everywhere(*((3, 400) if options.smoke else (10, 2000))),
        memory,
        many_world.targets(20 if options.smoke else 1000),
    ]
    print("\n".join(said))
    if not options.smoke:
        many_plot.write(DOCS, COLUMNS, rows, said)


if __name__ == "__main__":
    main()
