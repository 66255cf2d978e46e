"""The memory of a process that stops many instances, above that of an idle client."""

from __future__ import annotations

import os
import subprocess
import sys

from ec2lite.testing import FakeEC2

# Without quotas and pacing: they take time, and no memory. The fake is in another process.
PROGRAM = r"""
import re, sys
import ec2lite

def peak():
    status = open("/proc/self/status").read()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

key, secret, url = sys.argv[1:]
keys = ec2lite.Credentials(key, secret)

with ec2lite.Client("us-east-1", credentials=keys, endpoint_url=url) as ec2:
    ec2.stop_many(["i-00000000000000000"], pacing=ec2lite.NoPacing())
    idle = peak()
    ids = sys.stdin.read().split()
    result = ec2.stop_many(ids, pacing=ec2lite.NoPacing(), resume=ec2lite.BatchResult())
    assert len(ids) == len(result.outcomes)
    print(len(result.failed), idle, peak())
"""


def measure(count):
    fake = FakeEC2(quotas={})
    bad = count // 100
    ids = [*fake.run_instances(count - bad), *fake.run_instances(bad, stop_protected=True)]
    keys = fake.credentials
    with fake.serve() as url:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, keys.access_key_id, keys.secret_access_key, url],
            input="\n".join(ids),
            capture_output=True,
            text=True,
            check=True,
            env=os.environ,
        )
    failed, idle, peak = map(float, done.stdout.split())
    assert failed == bad
    return peak - idle, (
        f"{count:,} ids take {peak - idle:.1f} MiB above the {idle:.1f} MiB of an idle client,"
        " the ids and the result included."
    )
