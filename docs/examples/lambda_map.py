"""An AWS Lambda function that stops one target: a step of a Step Functions Map state.

Its input is a target, as ``Target.to_dict()`` has it. Its output is what the state machine goes on
with: the same target with the instances that are left, while there are any. docs/scale.md has the
state machine.
"""

from __future__ import annotations

from typing import Any, Protocol

import ec2lite
from ec2lite import OutcomeKind, Target

OPTIONS: dict[str, Any] = {"signer": ec2lite.SigV4()}
# Seconds that the function keeps to answer in.
RESERVE = 20.0
AGAIN = {OutcomeKind.NOT_ATTEMPTED, OutcomeKind.THROTTLED}


class Context(Protocol):
    """What Lambda tells a function."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the time until Lambda ends the function."""
        ...


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Stop what there is time for."""
    target = Target.from_dict(event["target"])
    seconds = max(context.get_remaining_time_in_millis() / 1000 - RESERVE, 1.0)
    (done,) = ec2lite.stop_everywhere([target], client_options=OPTIONS, deadline=seconds)
    if done.error is not None:
        # Step Functions sees the error's class, and may retry: what has stopped is stopped already.
        raise done.error
    outcomes = () if done.result is None else done.result.outcomes.values()
    left = [each.instance_id for each in outcomes if each.kind in AGAIN]
    failed = {
        each.instance_id: each.kind.value
        for each in (done.result.failed if done.result else ())
        if each.kind not in AGAIN
    }
    return {
        "target": {**event["target"], "instance_ids": left, "filters": None, "max_instances": None},
        "left": len(left),
        "failed": {**event.get("failed", {}), **failed},
    }
