"""The shapes that several answers hold."""

from __future__ import annotations

import pytest

from ec2lite.operations.shapes import InstanceState, InstanceStateChange


@pytest.mark.parametrize(("raw", "code"), [(0, 0), (16, 16), (255, 255), (256, 0), (65535, 255)])
def test_state(raw, code):
    """``code`` is the low byte; boto3's dict has all sixteen bits."""
    state = InstanceState(raw, "running")

    assert code == state.code
    assert {"Code": raw, "Name": "running"} == state.to_dict()


def test_change():
    """A change of state tells where an instance came from and where it went."""
    change = InstanceStateChange("i-1", InstanceState(64, "stopping"), InstanceState(16, "running"))

    assert {
        "InstanceId": "i-1",
        "CurrentState": {"Code": 64, "Name": "stopping"},
        "PreviousState": {"Code": 16, "Name": "running"},
    } == change.to_dict()
