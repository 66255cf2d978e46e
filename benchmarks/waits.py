"""What a wait asks, and how late it notices, beside boto3's waiter: `python benchmarks/waits.py`.

Both wait for the same instances of a fake EC2 on a virtual clock, which takes seconds instead of
hours: boto3 over HTTP, its pauses moving the clock. Requests and bytes of answers are counted from
the stop on. EC2's documented quotas hold. ``--smoke`` shows only that it still runs.
"""

from __future__ import annotations

import argparse
import random
import statistics
from unittest import mock

from ec2lite.testing import FakeEC2
from ec2lite.testing.life import Times
from ec2lite.testing.quotas import AWS_QUOTAS

# How many instances, and how long they take to stop, in seconds: spread out, so that no schedule of
# looks is lucky with all of them.
CASES = {
    "1, stopped after 10 to 28 s": (1, (10, 12, 14, 17, 19, 22, 25, 28)),
    "1, after 31 to 58 s": (1, (31, 34, 38, 42, 47, 50, 53, 58)),
    "1, after 70 to 190 s": (1, (71, 88, 97, 113, 128, 145, 167, 189)),
    "100, after 31 to 58 s": (100, (31, 38, 47, 58)),
    "1000, after 31 to 58 s": (1000, (31, 38, 47, 58)),
    "5000, after 31 to 58 s": (5000, (31, 38, 47, 58)),
}
AT_ONCE = 1000  # ids in a request of boto3's waiter: DescribeInstances takes no more
# An instance as EC2 writes it has some 5.4 kB; the fake's, without tags, 1.2 kB.
TAGS = {f"as-large-as-ec2-writes-it-{number:02}": "x" * 200 for number in range(15)}
ROUNDS = 40  # with other dice, of a wait for one instance; fewer of larger ones
GOALS = {"delay": 0.5, "requests of one": 1.5, "bytes of 1000": 1 / 3}


class Counted:
    """A fake EC2 with instances that stop, and what was asked of it since."""

    def __init__(self, number, seconds, seed):
        quotas = {name: each for name, each in AWS_QUOTAS.items() if name != "StopInstances"}
        self.fake = FakeEC2(times=Times(stopping=seconds), quotas=quotas, seed=seed)
        self.ids = self.fake.run_instances(number, tags=TAGS)
        with self.fake.client() as ec2:
            for start in range(0, number, AT_ONCE):
                ec2.stop_instances(self.ids[start : start + AT_ONCE])
        self.stops = self.fake.clock.passed() + seconds
        self.requests = self.refused = self.bytes = 0
        self._answer, self.fake.answer = self.fake.answer, self.count

    def count(self, sent, **given):
        reply = self._answer(sent, **given)
        self.requests += 1
        self.refused += reply.status != 200
        self.bytes += len(reply.body)
        return reply

    def result(self):
        delay = self.fake.clock.passed() - self.stops
        return self.requests, self.refused, self.bytes, delay


def ours(number, seconds, seed):
    counted = Counted(number, seconds, seed)
    with counted.fake.client() as ec2:
        found = ec2.wait_until_stopped(counted.ids)
    assert number == len(found)
    return counted.result()


def boto(number, seconds, seed):
    import boto3

    counted = Counted(number, seconds, seed)
    keys = counted.fake.credentials
    sleep = mock.patch("botocore.waiter.time.sleep", counted.fake.advance)
    with counted.fake.serve() as url, sleep:
        ec2 = boto3.client(
            "ec2",
            region_name=counted.fake.region,
            endpoint_url=url,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
        )
        for start in range(0, number, AT_ONCE):
            waiter = ec2.get_waiter("instance_stopped")
            waiter.wait(InstanceIds=counted.ids[start : start + AT_ONCE])
        ec2.close()
    return counted.result()


def means(measure, number, moments, rounds):
    taken = [measure(number, seconds, seed) for seconds in moments for seed in range(rounds)]
    return [statistics.mean(values) for values in zip(*taken, strict=True)]


def row(name, number, moments, *, rounds):
    mine, theirs = means(ours, number, moments, rounds), means(boto, number, moments, 1)
    shown = [f"{mine[0]:.1f}", f"{theirs[0]:.1f}", f"{mine[0] / theirs[0]:.2f}"]
    shown += [f"{mine[2] / 1000:.0f}", f"{theirs[2] / 1000:.0f}", f"{mine[2] / theirs[2]:.2f}"]
    shown += [f"{mine[3]:.1f}", f"{theirs[3]:.1f}", f"{mine[3] / theirs[3]:.2f}"]
    return f"| {' | '.join([name, *shown])} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="quick: does everything still run?")
    options = parser.parse_args()
    cases = {"3, after 20 s": (3, (20,))} if options.smoke else CASES
    columns = "requests | boto3's | ratio | kB | boto3's | ratio | seconds late | boto3's | ratio"
    random.seed(1)  # the jitter's dice
    print(f"| instances | {columns} |\n|{' --- |' * 10}")
    for name, (number, moments) in cases.items():
        rounds = 1 if options.smoke else max(1, ROUNDS // number)
        print(row(name, number, moments, rounds=rounds), flush=True)
    print("goals: " + ", ".join(f"{name} {goal:.2f}" for name, goal in GOALS.items()))


if __name__ == "__main__":
    main()
