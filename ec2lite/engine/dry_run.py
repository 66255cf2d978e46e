"""A dry run's outcome as a value: the API answers with an error either way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from ec2lite.engine.call import call
from ec2lite.errors import ConfigError, DryRunOperation, ResponseError, UnauthorizedOperation
from ec2lite.protocol.operation import check

if TYPE_CHECKING:
    from ec2lite.engine.context import Context
    from ec2lite.engine.flow import Flow
    from ec2lite.protocol.operation import Operation


@frozen
class DryRunResult:
    """Whether the caller may make the request, with AWS's code and message."""

    allowed: bool
    code: str
    message: str
    request_id: str | None


def dry_run(request: Operation[Any], context: Context) -> Flow[DryRunResult]:
    """Ask whether a request would be permitted. Refusals for other reasons are raised."""
    check(request)
    if not hasattr(request, "dry_run"):
        raise ConfigError(f"{request.action} has no dry run")
    # Operation says that its subclasses are attrs classes; mypy cannot.
    asking: Operation[Any] = attrs.evolve(request, dry_run=True)  # type: ignore[misc]
    try:
        result = yield from call(asking, context)
    except (DryRunOperation, UnauthorizedOperation) as said:
        allowed = isinstance(said, DryRunOperation)
        return DryRunResult(allowed, said.code, said.message, said.request_id)
    error = ResponseError("the service carried out a dry run", status_code=200)
    error.operation = request.action
    # Other people's operations may have any result.
    error.attempts = getattr(getattr(result, "response_metadata", None), "attempts", 1)
    raise error
