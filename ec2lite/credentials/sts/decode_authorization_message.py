"""DecodeAuthorizationMessage, whole.

https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from ec2lite import checks
from ec2lite.operations.fields import Result, read_result, required, sent, shape, text
from ec2lite.operations.scalars import TEXT
from ec2lite.operations.structures import form_pairs
from ec2lite.protocol import xml
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element

# STS refuses longer ones.
_LONGEST = 10240


def _message(name: str, value: object) -> None:
    length = len(checks.text(name, value))
    if not 0 < length <= _LONGEST:
        raise checks.wrong(name, f"1 to {_LONGEST} characters", f"{length} of them")


@shape
class DecodeAuthorizationMessageResult(Result):
    """Why IAM denied a request.

    ``decoded_message`` is a JSON document: whether the denial was explicit, the principal, the
    action, the resource and the condition keys. It may name what the caller must not know.
    """

    decoded_message: str = required(text("DecodedMessage", secret=True))


@frozen
class DecodeAuthorizationMessage(Operation[DecodeAuthorizationMessageResult]):
    """Decode the message that EC2 adds to ``UnauthorizedOperation``.

    ``encoded_message`` is the text after "Encoded authorization failure message:", 10240 characters
    at most. The caller needs the permission ``sts:DecodeAuthorizationMessage``; without it STS
    answers ``AccessDenied``, and with a damaged message ``InvalidAuthorizationMessageException``.
    """

    action: ClassVar[str] = "DecodeAuthorizationMessage"
    service: ClassVar[str] = "sts"
    version: ClassVar[str] = "2011-06-15"
    confidential: ClassVar[bool] = True

    encoded_message: str = field(
        validator=checks.validator(_message), repr=False, metadata=sent("EncodedMessage", TEXT)
    )

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return the one parameter."""
        return form_pairs(self)

    def parse(self, root: Element, metadata: ResponseMetadata) -> DecodeAuthorizationMessageResult:
        """Read ``DecodeAuthorizationMessageResult/DecodedMessage``."""
        document = xml.child(root, "DecodeAuthorizationMessageResult")
        return read_result(DecodeAuthorizationMessageResult, document, metadata)
