"""A cron job: stop what bears a tag, wait until it has stopped, and fail loudly if it has not.

30 20 * * 1-5  /opt/venv/bin/python /opt/cron_stop.py env=dev
"""

from __future__ import annotations

import sys

import ec2lite


def main(tag: str, ec2: ec2lite.Client) -> int:
    """Return the exit code: cron sends what is printed to whoever reads its mail."""
    name, _, value = tag.partition("=")
    running = {f"tag:{name}": value, "instance-state-name": "running"}
    ids = [instance.instance_id for instance in ec2.describe_instances(filters=running)]
    if not ids:
        return 0
    result = ec2.stop_many(ids)
    for outcome in result.failed:
        print(f"{outcome.instance_id}: {outcome.error}", file=sys.stderr)
    try:
        if result.succeeded:
            ec2.wait_until_stopped([each.instance_id for each in result.succeeded], timeout=900)
    except ec2lite.WaiterError as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if result.failed else 0


if __name__ == "__main__":
    with ec2lite.Client() as client:
        sys.exit(main(sys.argv[1], client))
