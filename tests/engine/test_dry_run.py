"""Permission as a value."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from ec2lite.engine.dry_run import DryRunResult, dry_run
from ec2lite.errors import ConfigError, InstanceNotFound, ResponseError
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.protocol.operation import Operation
from samples import Answer, Script, context, fault, refusal, success

STOP = StopInstances(["i-1", "i-1234567890abcdef0"], force=True)


def test_allowed():
    """An action that would have succeeded is allowed."""
    answer = Answer(412, {}, fault(("DryRunOperation", "would have"), request_id="r"))

    result = Script(answer).run(dry_run(STOP, context()))

    assert DryRunResult(True, "DryRunOperation", "would have", "r") == result


def test_not_allowed():
    """An action that IAM forbids is not allowed; that is a value, not an error."""
    answer = Answer(403, {}, fault(("UnauthorizedOperation", "no"), request_id="r"))

    result = Script(answer).run(dry_run(STOP, context()))

    assert DryRunResult(False, "UnauthorizedOperation", "no", "r") == result


def test_request():
    """The same request is sent, and asks for a dry run, whatever it said of that before."""
    for said in (None, False, True):
        script = Script(refusal("DryRunOperation", 412))
        script.run(dry_run(StopInstances(["i-1"], force=True, dry_run=said), context()))

        sent = dict(parse_qsl(script.requests[0].content.decode()))
        assert ("true", "true", "i-1") == (sent["DryRun"], sent["Force"], sent["InstanceId.1"])


def test_original():
    """The caller's request is left as it was."""
    Script(refusal("DryRunOperation", 412)).run(dry_run(STOP, context()))

    assert STOP.dry_run is None


def test_other_refusals():
    """Whatever else AWS says no for is raised."""
    with pytest.raises(InstanceNotFound):
        Script(refusal("InvalidInstanceID.NotFound")).run(dry_run(STOP, context()))


def test_retried():
    """A dry run is tried again as any call."""
    script = Script(refusal("RequestLimitExceeded", 503), refusal("DryRunOperation", 412))

    assert script.run(dry_run(STOP, context())).allowed
    assert 2 == len(script.requests)


def test_carried_out():
    """A service that does not know dry runs and carried it out has broken the protocol."""
    with pytest.raises(ResponseError) as caught:
        Script(success()).run(dry_run(STOP, context()))

    error = caught.value
    message = "StopInstances: the service carried out a dry run (HTTP status 200)"
    assert message == str(error)
    assert ("StopInstances", 1) == (error.operation, error.attempts)


def test_no_dry_run():
    """An action without a dry run is refused before anything is sent."""

    class Ping(Operation[None]):
        action = "Ping"

        def form_pairs(self):
            return []

        def parse(self, root, metadata):
            return None

    with pytest.raises(ConfigError, match=r"^Ping has no dry run$"):
        next(dry_run(Ping(), context()))
