"""From error documents, EC2's and STS's, to exceptions.

EC2: ``<Response><Errors><Error><Code/><Message/></Error>…</Errors><RequestID/></Response>``
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/api-error-response.html
STS: ``<ErrorResponse><Error><Type/><Code/><Message/></Error><RequestId/></ErrorResponse>``
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#operation-error-serialization
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from ec2lite.errors import BY_CODE, ResponseError, ServiceError
from ec2lite.protocol import xml

if TYPE_CHECKING:
    from ec2lite.protocol.xml import Element


_MOST_ERRORS: Final = 100  # EC2 sends one
_LONGEST_CODE: Final = 256
# A thousand ids that do not exist are 23,000 characters.
_LONGEST_MESSAGE: Final = 65_536


def is_fault(root: Element) -> bool:
    """Whether the document is an error document, whatever the status it came with."""
    return xml.local_name(root) in {"Response", "ErrorResponse"}


def parse(root: Element, *, status_code: int, request_id: str | None) -> ServiceError:
    """Return the exception for an error document: the first error decides, up to 100 are kept."""
    errors = tuple(map(_error, itertools.islice(root.iter("{*}Error"), _MOST_ERRORS)))
    if not errors:
        raise ResponseError("the answer is an error document without an error in it")
    code, message = errors[0]
    return BY_CODE.get(code, ServiceError)(
        message, code=code, request_id=request_id, status_code=status_code, errors=errors
    )


def _error(element: Element) -> tuple[str, str]:
    # AWS's documents print codes with and without the side that is to blame.
    code = xml.text(element, "Code").strip(xml.WHITE_SPACE)
    code = code.removeprefix("Client.").removeprefix("Server.")
    message = xml.find(element, "Message")
    text = "" if message is None else message.text or ""
    return code[:_LONGEST_CODE], text[:_LONGEST_MESSAGE]
