"""An AWS Lambda function that stops what bears a tag, at night.

Let an EventBridge schedule invoke ``handler`` in the evening. Its role needs docs/iam/stop_by_tag.json.
"""

from __future__ import annotations

import os
from typing import Any

import ec2lite

# Made once, and used by all invocations of the same environment.
ec2 = ec2lite.Client(signer=ec2lite.SigV4())


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Stop the running instances whose tag ``TAG`` has the value ``VALUE``."""
    tag, value = os.environ.get("TAG", "stop-at-night"), os.environ.get("VALUE", "yes")
    running = {f"tag:{tag}": value, "instance-state-name": "running"}
    ids = [instance.instance_id for instance in ec2.describe_instances(filters=running)]
    if not ids:
        return {"stopped": [], "failed": {}}
    result = ec2.stop_many(ids)
    return {
        "stopped": [each.instance_id for each in result.succeeded],
        "failed": {each.instance_id: str(each.error) for each in result.failed},
    }
