"""What the providers that assume a role have in common: a call to STS, with given credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ec2lite.engine.flow import Flow, GetCredentials
from ec2lite.errors import CredentialsError, EC2Error, ResponseError

if TYPE_CHECKING:
    from ec2lite.config.settings import Settings
    from ec2lite.credentials.provider import Ask, Clock, StsCall
    from ec2lite.credentials.sts.assume_role import AssumeRole
    from ec2lite.credentials.sts.assume_role_with_web_identity import (
        AssumeRoleWithWebIdentity,
    )
    from ec2lite.models import Credentials
    from ec2lite.protocol.operation import Operation
    from ec2lite.signing.signer import Signer

R = TypeVar("R")


def caller(settings: Settings, clock: Clock, signer: Signer | None = None) -> StsCall:
    """Return a function that calls the STS of the settings' Region; ``signer`` is the client's.

    Without a Region it is the first, global one, as with botocore.
    """

    def call_sts(operation: Operation[Any], credentials: Credentials | None) -> Flow[Any]:
        from ec2lite.engine.call import call
        from ec2lite.engine.context import Context
        from ec2lite.engine.retry import StandardRetry
        from ec2lite.protocol.request import RequestBuilder
        from ec2lite.signing.signer import default_signer

        endpoint = settings.endpoint("sts", settings.region or "aws-global")
        builder = RequestBuilder(endpoint, signer or default_signer())
        context = Context(builder, StandardRetry().start(), clock=clock)
        return with_credentials(call(operation, context), credentials)

    return call_sts


def with_credentials(flow: Flow[R], credentials: Credentials | None) -> Flow[R]:
    """Answer a flow's ``GetCredentials``, and hand on whatever else it asks for."""
    step: Any = flow.send
    outcome: Any = None
    try:
        while True:
            effect = step(outcome)
            try:
                step = flow.send
                outcome = credentials if isinstance(effect, GetCredentials) else (yield effect)
            except Exception as error:  # noqa: BLE001 - handed to the flow, which decides
                step, outcome = flow.throw, error
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return] # StopIteration is not generic
    finally:
        flow.close()


def assume(
    ask: Ask,
    request: AssumeRole | AssumeRoleWithWebIdentity,
    credentials: Credentials | None,
    role: str,
) -> Flow[Credentials]:
    """Return the credentials of a role, or raise a ``CredentialsError`` that names it."""
    failed = f"The role {role} could not be assumed:"
    try:
        result = yield from ask.sts(request, credentials)
    except ResponseError as error:
        # It may hold a part of the answer, in which the keys are.
        reason = f"{error.args[0]} (HTTP status {error.status_code})"
        raise CredentialsError(f"{failed} {reason}.") from None
    except EC2Error as error:
        raise CredentialsError(f"{failed} {error}") from error
    found: Credentials = result.credentials
    return found


def session_name(ask: Ask) -> str:
    """Return a name for the session, to be seen in CloudTrail, where none is configured."""
    return f"ec2lite-session-{int(ask.clock().timestamp())}"
