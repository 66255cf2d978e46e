"""DescribeInstanceStatus: checks, events, and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import ec2lite
from ec2lite.errors import ResponseError
from ec2lite.operations.describe_instance_status import DescribeInstanceStatus
from samples import NAMESPACE


def status(item):
    """Return the status of that XML, under HTTP 200."""
    body = (
        f'<DescribeInstanceStatusResponse xmlns="{NAMESPACE}"><instanceStatusSet><item>'
        f"<instanceId>i-1</instanceId>{item}</item></instanceStatusSet>"
        "<nextToken>t</nextToken></DescribeInstanceStatusResponse>"
    )
    request = DescribeInstanceStatus("i-1")
    result = ec2lite.parse_response(request, status_code=200, headers={}, body=body.encode())
    assert "t" == request.token_after(result)
    (only,) = request.items(result)
    return only


def test_absent():
    """What the answer lacks is None or an empty tuple, and not in ``to_dict``."""
    lone = status("")

    assert (None, None, ()) == (lone.instance_status, lone.performance_status, lone.events)
    assert {"InstanceId": "i-1"} == lone.to_dict()


def test_checks():
    """Each check has its status, its details, and since when it fails."""
    found = status(
        "<instanceState><code>16</code><name>running</name></instanceState>"
        "<instanceStatus><status>impaired</status><details><item><name>reachability</name>"
        "<status>failed</status><impairedSince>2026-03-11T08:12:34Z</impairedSince></item></details>"
        "</instanceStatus><systemStatus><status>ok</status></systemStatus>"
        "<attachedEbsStatus><status>ok</status></attachedEbsStatus>"
        "<applicationStatus><status>novel</status></applicationStatus>"
        "<performanceStatus><status>impaired</status><remediation>Reboot</remediation>"
        "</performanceStatus>"
    )

    (detail,) = found.instance_status.details
    assert ("reachability", "failed") == (detail.name, detail.status)
    assert datetime(2026, 3, 11, 8, 12, 34, tzinfo=UTC) == detail.impaired_since
    assert ("running", "ok") == (found.instance_state.name, found.system_status.status)
    assert ("ok", "novel") == (found.attached_ebs_status.status, found.application_status.status)
    assert "Reboot" == found.performance_status.remediation


def test_events():
    """A scheduled event has its code, its description and its times."""
    (event,) = status(
        "<eventsSet><item><code>instance-retirement</code><description>degraded</description>"
        "<notBefore>2026-03-11T08:12:34.000Z</notBefore></item></eventsSet>"
    ).events

    assert ("instance-retirement", "degraded") == (event.code, event.description)
    assert datetime(2026, 3, 11, 8, 12, 34, tzinfo=UTC) == event.not_before
    assert event.not_after is None


def test_wrong():
    """A time that is none is a ResponseError that names it."""
    with pytest.raises(ResponseError, match="<notAfter> is not a time: 'soon'"):
        status("<eventsSet><item><notAfter>soon</notAfter></item></eventsSet>")
