"""A fake EC2, for the tests of programs that use ec2lite, for ec2lite's own, and for its demo.

>>> from ec2lite.testing import FakeEC2
>>> fake = FakeEC2()
>>> (instance_id,) = fake.run_instances()
>>> with fake.client() as ec2:
...     result = ec2.stop_instances(instance_id)
>>> result.stopping_instances[0].current_state.name
'stopping'
"""

from __future__ import annotations

from ec2lite.bulk.pacing import Bucket
from ec2lite.testing.calls import Call
from ec2lite.testing.clock import RealClock, VirtualClock
from ec2lite.testing.fake import FakeEC2
from ec2lite.testing.life import Times

__all__ = ["Bucket", "Call", "FakeEC2", "RealClock", "Times", "VirtualClock"]
