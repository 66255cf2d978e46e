"""What else one could write: loops of one's own, over ec2lite's single calls and over boto3.

Each gives an outcome for each id. Of a request that was refused it says for all its ids what the
refusal says, so that a good id among them is a wrong outcome.
"""

from __future__ import annotations

import contextlib
import threading
from types import SimpleNamespace
from unittest import mock

import ec2lite
from ec2lite.bulk.isolation import KINDS, WORDS

BATCH = 50


def kind_of(code, message):
    """Return what a refusal is, for who reads its code and message as ec2lite does."""
    if code == "RequestLimitExceeded":
        return "throttled"
    if code == "UnauthorizedOperation":
        return "unauthorized"
    for words, kind in WORDS.get(code, ()):
        if words in message:
            return kind.value
    return KINDS[code].value if code in KINDS else "unknown"


@contextlib.contextmanager
def single_calls(world, mode):
    """Give a function that stops ids and returns None or the kind of a refusal."""
    if mode == "adaptive":
        retry = ec2lite.AdaptiveRetry(clock=world.fake.clock.monotonic)
    else:
        retry = ec2lite.StandardRetry()
    with world.fake.client(retry=retry) as ec2:

        def stop(ids):
            try:
                ec2.stop_instances(ids, hibernate=True)
            except ec2lite.ServiceError as error:
                return kind_of(error.code, error.message)
            except ec2lite.TransportError:
                return "unknown"
            return None

        yield stop


class Waiting(threading.Condition):
    """What botocore's adaptive retries wait on: waiting moves the virtual clock."""

    def __init__(self, lock, fake):
        super().__init__(lock)
        self._fake = fake

    def wait(self, timeout=None):
        self._fake.advance(max(timeout, 0.001))  # floats: less might not move it
        return True


@contextlib.contextmanager
def boto(world, mode):
    """Give the same over boto3, whose pauses move the virtual clock."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    fake, keys = world.fake, world.fake.credentials
    sleep = mock.patch("botocore.endpoint.time.sleep", fake.advance)
    now = mock.patch("botocore.retries.bucket.Clock.current_time", fake.clock.passed)
    threads = SimpleNamespace(Lock=threading.Lock, Condition=lambda lock: Waiting(lock, fake))
    waiting = mock.patch("botocore.retries.bucket.threading", threads)
    with fake.serve() as url, sleep, now, waiting:
        ec2 = boto3.client(
            "ec2",
            region_name=fake.region,
            endpoint_url=url,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            config=Config(retries={"mode": mode}),
        )

        def stop(ids):
            try:
                ec2.stop_instances(InstanceIds=list(ids), Hibernate=True)
            except ClientError as error:
                return kind_of(error.response["Error"]["Code"], error.response["Error"]["Message"])
            except BotoCoreError:
                return "unknown"
            return None

        yield stop
        ec2.close()


def plainly(world, stop):
    """Send batch after batch, and note what was refused."""
    outcomes = {}
    for start in range(0, len(world.ids), BATCH):
        part = world.ids[start : start + BATCH]
        outcomes.update(dict.fromkeys(part, stop(part) or "accepted"))
    return outcomes


def by_halves(world, stop):
    """Send batch after batch, and halve what is refused, for whatever reason."""
    outcomes = {}
    left = [world.ids[start : start + BATCH] for start in range(0, len(world.ids), BATCH)][::-1]
    while left:
        part = left.pop()
        kind = stop(part)
        if kind is None or len(part) == 1:
            outcomes.update(dict.fromkeys(part, kind or "accepted"))
        else:
            half = len(part) // 2
            left += [part[half:], part[:half]]
    return {each: outcomes[each] for each in world.ids}


def one_by_one(world, stop):
    """Send a request for each instance."""
    return {each: stop([each]) or "accepted" for each in world.ids}


def rival(over, mode, how):
    def work(world):
        with over(world, mode) as stop:
            return how(world, stop)

    return work


HOWS = {
    "a plain loop": (plainly, 10),
    "halving on any error": (by_halves, 25),
    "a request an instance": (one_by_one, 25),
}
# Name, work, and by how much its number of instances is divided.
RIVALS = [
    (f"{how}, {mode} retries, {library}", rival(over, mode, work), part)
    for library, over in (("ec2lite", single_calls), ("boto3", boto))
    for how, (work, part) in HOWS.items()
    for mode in ("standard", "adaptive")
]
