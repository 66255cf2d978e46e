"""Fifty thousand instances to stop: `python benchmarks/many.py` writes `docs/many-measured.md`.

All do the same work on a fake EC2 with AWS's quotas, on a virtual clock: of each kind of bad id one
in a hundred, 2 % of requests answered 503, 0.5 % of connections reset, half of them after EC2 has
carried out the request. Each outcome is compared with the truth. ``--smoke`` is quick, writes
nothing, and fails only if an outcome of ``stop_many`` is wrong.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import many_memory
import many_plot
import many_rivals
import many_world
from many_world import World

DOCS = Path(__file__).parent.parent / "docs"
FULL = 50_000
AT_ONCE = 6
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


def ours(count, name="ec2lite, stop_many", share=1.0):
    random.seed(1)  # the jitter's dice
    world = World(count, share=share)
    with world.fake.client() as ec2:
        outcomes = ec2.stop_many(world.ids, hibernate=True, isolate_unauthorized=True).outcomes
    return Row(name, world, outcomes, share).show()


def rival(number, count):
    """Run what others do; with fewer instances where it would take hours."""
    random.seed(1)
    name, work, part = many_rivals.RIVALS[number]
    world = World(max(count // part, 200))
    return Row(name, world, work(world)).show()


def further(count):
    """Measure several Regions, memory, and many targets."""
    is_full = count == FULL
    grown, memory = many_memory.measure(count)
    assert grown < MEBIBYTES, memory
    said = [
        many_world.everywhere(*((10, 2000) if is_full else (3, 400))),
        memory,
        many_world.targets(1000 if is_full else 20),
    ]
    print("\n".join(said), flush=True)
    return said


def run(jobs, workers):
    """Do jobs, in processes of their own: on virtual clocks they do not disturb each other."""
    if workers == 1:
        return [work(*given) for work, *given in jobs]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, max_tasks_per_child=1) as pool:
        return [each.result() for each in [pool.submit(*job) for job in jobs]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="quick: does everything still run?")
    options = parser.parse_args()
    count = 1000 if options.smoke else FULL
    print(f"| who | {COLUMNS} |\n|{' --- |' * 8}", flush=True)
    jobs = [
        (ours, count),
        (ours, count, "the same, others taking a third", 2 / 3),
        (further, count),
        *((rival, number, count) for number in range(len(many_rivals.RIVALS))),
    ]
    mine, shared, said, *others = run(jobs, 1 if options.smoke else AT_ONCE)
    for row in (mine, shared):
        row.check(is_full=not options.smoke)
    if not options.smoke:
        many_plot.write(DOCS, COLUMNS, [mine, shared, *others], said)


if __name__ == "__main__":
    main()
