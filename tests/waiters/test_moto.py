"""Waits on an EC2 that others have written, over real HTTP; the pauses are of a virtual clock."""

from __future__ import annotations

import re

import pytest
from attrs import frozen
from lxml import etree

import ec2lite
from ec2lite.testing import VirtualClock
from samples import KEYS


@frozen
class Launch(ec2lite.Operation[list]):
    """Launch so many instances, and return their ids."""

    number: int
    action = "RunInstances"

    def form_pairs(self):
        """Return the parameters."""
        number = str(self.number)
        return [("ImageId", "ami-12c6146b"), ("MinCount", number), ("MaxCount", number)]

    def parse(self, root, metadata):
        """Read the ids."""
        return re.findall(
            "<instanceId>(.*?)</instanceId>", etree.tostring(root, encoding="unicode")
        )


def test_life(colour, moto):
    """Each state that moto's instances come to is waited for."""
    clock = VirtualClock()
    with colour.client("eu-west-1", credentials=KEYS, endpoint_url=moto, clock=clock) as ec2:
        ids = ec2.send(Launch(2))
        assert ids == list(ec2.wait_until_running(ids))
        assert {"ok"} == {e.system_status.status for e in ec2.wait_until_status_ok(ids).values()}
        ec2.stop_instances(ids)
        assert {"stopped"} == {e.state.name for e in ec2.wait_until_stopped(ids).values()}
        ec2.terminate_instances(ids)
        assert ids == list(ec2.wait_until_terminated(ids))


def test_unknown(moto):
    """An instance that moto does not have does not hide the one that it has."""
    clock = VirtualClock()
    with ec2lite.Client("eu-west-1", credentials=KEYS, endpoint_url=moto, clock=clock) as ec2:
        (one,) = ec2.send(Launch(1))
        with pytest.raises(ec2lite.WaiterError) as caught:
            ec2.wait_until_running([one, "i-0123456789abcdef0"])

    assert [one] == list(caught.value.reached)
    assert {"i-0123456789abcdef0": None} == caught.value.stuck
