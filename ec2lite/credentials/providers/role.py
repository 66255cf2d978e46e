"""What the providers that assume a role share: the call to STS with given credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ec2lite.errors import CredentialsError, EC2Error, ResponseError

if TYPE_CHECKING:
    from ec2lite.credentials.provider import Ask
    from ec2lite.credentials.sts.assume_role import AssumeRole
    from ec2lite.credentials.sts.assume_role_with_web_identity import (
        AssumeRoleWithWebIdentity,
    )
    from ec2lite.engine.flow import Flow
    from ec2lite.models import Credentials
    from ec2lite.protocol.operation import Operation

R = TypeVar("R")


def assume(
    ask: Ask,
    request: AssumeRole | AssumeRoleWithWebIdentity,
    credentials: Credentials | None,
    role: str,
) -> Flow[Credentials]:
    """Return a role's credentials; raise a ``CredentialsError`` that names the role.

    ``credentials`` sign the request; None leaves it unsigned.
    """
    failed = f"The role {role} could not be assumed:"
    try:
        result = yield from call_sts(ask, request, credentials)
    except ResponseError as error:
        # Its body may hold a part of the keys.
        reason = f"{error.args[0]} (HTTP status {error.status_code})"
        raise CredentialsError(f"{failed} {reason}.") from None
    except EC2Error as error:
        raise CredentialsError(f"{failed} {error}") from error
    return result.credentials


def call_sts(ask: Ask, request: Operation[R], credentials: Credentials | None) -> Flow[R]:
    """Call the STS of the Region; without a Region the global one, as botocore does."""
    from ec2lite.engine.call import call
    from ec2lite.engine.context import Context
    from ec2lite.protocol.request import RequestBuilder
    from ec2lite.signing.signer import default_signer

    endpoint = ask.settings.endpoint("sts", ask.settings.region or "aws-global")
    builder = RequestBuilder(endpoint, ask.signer or default_signer())
    context = Context(builder, ask.retrier, clock=ask.clock, credentials=credentials)
    return (yield from call(request, context, deadline=ask.deadline))


def session_name(ask: Ask) -> str:
    """Return the session's name, which CloudTrail shows, for a role that has none configured."""
    return f"ec2lite-session-{int(ask.clock().timestamp())}"
