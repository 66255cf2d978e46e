"""An Airflow DAG that stops a list of targets every evening: a mapped task for each of them.

Put it into the DAG folder. The workers find their own credentials.
"""

from __future__ import annotations

import sys
from typing import Any

import ec2lite
from ec2lite import Target

OPTIONS: dict[str, Any] = {}
TARGETS: list[dict[str, Any]] = [
    {
        "region": "eu-west-1",
        "filters": {"tag:hours": ["office"]},
        "max_instances": 200,
        "role_arn": "arn:aws:iam::210987654321:role/night-shift",
    },
]


def stop_target(target: dict[str, Any]) -> dict[str, int]:
    """Stop one target; return how many instances there are of each outcome.

    What failed fails the task, with the reasons. A retry of the task asks again: it does no harm,
    for what has stopped is no longer among the matches.
    """
    (done,) = ec2lite.stop_everywhere([Target.from_dict(target)], client_options=OPTIONS)
    if done.error is not None:
        raise done.error
    counts: dict[str, int] = {}
    if done.result is not None:
        done.result.raise_for_failures()
        for each in done.result.outcomes.values():
            counts[each.kind.value] = counts.get(each.kind.value, 0) + 1
    return counts


def build() -> Any:
    """Return the DAG."""
    from datetime import timedelta

    from airflow.sdk import dag, task

    @dag(schedule="0 20 * * 1-5", catchup=False)
    def stop_at_night() -> None:
        step = task(stop_target, retries=2, retry_delay=timedelta(minutes=5))
        step.expand(target=TARGETS)

    return stop_at_night()


if "airflow" in sys.modules:
    stop_dag = build()
