"""Stop the instances of many accounts and Regions on a Dask cluster: a task for each target.

Workers find their own credentials. A target's pacing is known to its process alone, so give one
task all instances of an account and Region.

    python dask_targets.py targets.json tcp://scheduler:8786
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from distributed import Client

import ec2lite
from ec2lite import Target, TargetResult


def stop(target: Target) -> TargetResult:
    """Stop what a target names; runs on a worker. Targets and results pickle, clients do not."""
    (result,) = ec2lite.stop_everywhere([target])
    return result


def stop_all(targets: list[Target], cluster: Client) -> list[TargetResult]:
    """Stop all targets on a cluster, and return their results in order."""
    # Never a result of before, and never twice: what failed is in the results.
    futures = cluster.map(stop, targets, pure=False, retries=0)
    results: list[TargetResult] = cluster.gather(futures)
    return results


def main(file: str, scheduler: str) -> int:
    """Stop the targets of a file, and say what failed."""
    targets = [Target.from_dict(each) for each in json.loads(Path(file).read_text("utf-8"))]
    with Client(scheduler) as cluster:
        results = stop_all(targets, cluster)
    failed = [each for each in results if each.error or (each.result and each.result.failed)]
    for each in failed:
        print(each.to_json())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
