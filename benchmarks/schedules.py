"""Which looks of a wait would meet both goals, by arithmetic: `python benchmarks/schedules.py`.

For each schedule and each group of waits: requests and delay, as ratios to those of boto3's waiter.
Besides its looks, a wait of ec2lite's makes one request to describe what is there.
"""

from __future__ import annotations

import random
import statistics

import waits

THROWS = 400
GROUPS = {name: moments for name, (number, moments) in waits.CASES.items() if number == 1}


def boto(moment):
    looks, now = 1, 0.0
    while now < moment:
        looks, now = looks + 1, now + 15
    return looks, now - moment


def growing(first, growth, longest, jitter=0.2):
    """Pause for once to twice ``first``, then always ``growth`` times as long up to ``longest``."""

    def looks(moment, dice):
        pause = first * (1 + dice.random())
        count, now = 1, pause
        while now < moment:
            pause = min(pause * growth, longest)
            count, now = count + 1, now + pause * (1 - jitter * dice.random())
        return count + 1, now - moment

    return looks


def even(first, pause):
    """Look first after ``first`` seconds: for who knows that nothing happens before."""

    def looks(moment, dice):
        count, now = 1, first
        while now < moment:
            count, now = count + 1, now + pause * (1 - 0.2 * dice.random())
        return count + 1, now - moment

    return looks


SCHEDULES = {
    "1 to 2 s, growing by half, up to 15 s": growing(1, 1.5, 15),
    "the same, less up to a half of each pause": growing(1, 1.5, 15, 0.5),
    "1 to 2 s, doubling, up to 15 s": growing(1, 2, 15),
    "1 to 2 s, threefold, up to 15 s": growing(1, 3, 15),
    "1 to 2 s, growing by half, up to 7.5 s": growing(1, 1.5, 7.5),
    "1 to 2 s, threefold, up to 10 s": growing(1, 3, 10),
    "every 7.5 s, the first after 8 s": even(8, 7.5),
    "every 7.5 s, the first after 15 s": even(15, 7.5),
}


def ratios(looks, moments):
    dice = random.Random(1)
    ours = [looks(each, dice) for each in moments for _ in range(THROWS)]
    theirs = [boto(each) for each in moments]
    return [
        statistics.mean(mine) / statistics.mean(other)
        for mine, other in zip(zip(*ours, strict=True), zip(*theirs, strict=True), strict=True)
    ]


def main():
    print(f"| looks | {' | '.join(GROUPS)} |\n|{' --- |' * (1 + len(GROUPS))}")
    for name, looks in SCHEDULES.items():
        shown = ["{:.2f}, {:.2f}".format(*ratios(looks, each)) for each in GROUPS.values()]
        print(f"| {name} | {' | '.join(shown)} |")


if __name__ == "__main__":
    main()
