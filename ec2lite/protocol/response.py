"""From an HTTP answer to an operation's result, or to the error it stands for."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ec2lite import checks
from ec2lite.errors import EC2Error, ResponseError
from ec2lite.models import ResponseMetadata
from ec2lite.protocol import content, faults, incremental, xml
from ec2lite.protocol.operation import check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ec2lite.protocol.operation import Operation
    from ec2lite.protocol.xml import Element

R = TypeVar("R")

_REQUEST_IDS: Final = frozenset({"requestId", "RequestID", "RequestId"})
_FEW: Final = 100  # children of a root; answers have two or three
_LONGEST_ID: Final = 256


def parse_response(
    request: Operation[R], *, status_code: int, headers: Mapping[str, str], body: bytes
) -> R:
    """Return the result of an operation from its answer, however that was received.

    Raises ``ServiceError`` where AWS says no, whatever the status, and ``ResponseError`` where the
    answer is not the protocol's, ``ConfigError`` for a wrong argument.
    """
    check(request)
    checks.whole("status_code", status_code, 100, 999)
    checks.instance("body", body, bytes, "bytes")
    checks.having("items")("headers", headers)
    return read(request, status_code, {k.lower(): v for k, v in headers.items()}, body)


def read(
    operation: Operation[R],
    status_code: int,
    headers: dict[str, str],
    body: bytes,
    *,
    attempts: int = 1,
    earlier_failures: tuple[EC2Error, ...] = (),
    max_size: int = content.MAX_SIZE,
) -> R:
    """Do what ``parse_response`` does; the headers have lower-case names."""
    try:
        if 300 <= status_code < 400:
            where = headers.get("location", "nowhere")[:200]
            raise ResponseError(f"the answer is a redirect to {where!r}, which is not followed")
        body = content.inflate(body, headers.get("content-encoding", ""), max_size)
        collector = operation.collector()
        root = xml.parse(body) if collector is None else incremental.parse(body, collector)
        metadata = ResponseMetadata(
            _request_id(root, headers), status_code, headers, attempts, earlier_failures
        )
        _check_document(operation, root, metadata)
        read_rest = operation.parse if collector is None else collector.result
        return read_rest(root, metadata)
    except EC2Error as error:
        error.operation = operation.action
        error.attempts = attempts
        if isinstance(error, ResponseError):
            error.status_code = status_code
            error.body = b"" if operation.confidential else body[:512]
        raise


def _check_document(operation: Operation[Any], root: Element, metadata: ResponseMetadata) -> None:
    """Raise the error that the document is, where it is not the operation's result."""
    if faults.is_fault(root):
        fault = faults.parse(root, status_code=metadata.status_code, request_id=metadata.request_id)
        fault.headers = metadata.headers
        raise fault
    expected = f"{operation.action}Response"
    if xml.local_name(root) != expected:
        raise ResponseError(f"the answer is a <{xml.local_name(root)}>, not a <{expected}>")
    if not 200 <= metadata.status_code < 300:
        raise ResponseError(f"the answer is a <{expected}> with the status of a failure")


def _request_id(root: Element, headers: dict[str, str]) -> str | None:
    """Find the request's id: EC2 and STS spell and place it differently, gateways use a header."""
    metadata = None
    for child in itertools.islice(root, _FEW):
        name = xml.local_name(child)
        if name in _REQUEST_IDS and child.text:
            return child.text[:_LONGEST_ID]
        if name == "ResponseMetadata":
            metadata = child
    if metadata is not None:
        return _request_id(metadata, headers)
    return headers.get("x-amzn-requestid")
