"""DecodeAuthorizationMessage, whole.

https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from attrs import field, frozen

from ec2lite.errors import ConfigError
from ec2lite.models import ResponseMetadata
from ec2lite.protocol import xml
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from attrs import Attribute

    from ec2lite.protocol.xml import Element

# STS refuses longer ones.
_LONGEST = 10240


def _message(instance: object, attribute: Attribute[str], value: object) -> None:
    del instance
    if not isinstance(value, str):
        raise ConfigError(f"{attribute.name} must be a string, not {type(value).__name__}")
    if not 0 < len(value) <= _LONGEST:
        raise ConfigError(
            f"{attribute.name} must be 1 to {_LONGEST} characters, not {len(value)} of them"
        )


@frozen
class DecodeAuthorizationMessageResult:
    """Why IAM denied a request.

    ``decoded_message`` is a JSON document: whether the denial was explicit, the principal, the
    action, the resource and the condition keys. It may name what the caller must not know.
    """

    decoded_message: str = field(repr=False)
    response_metadata: ResponseMetadata

    def to_dict(self) -> dict[str, Any]:
        """Return the dict that boto3 would have returned, key for key."""
        return {
            "DecodedMessage": self.decoded_message,
            "ResponseMetadata": self.response_metadata.to_dict(),
        }


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

    encoded_message: str = field(validator=_message, repr=False)

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return the one parameter."""
        return [("EncodedMessage", self.encoded_message)]

    def parse(self, root: Element, metadata: ResponseMetadata) -> DecodeAuthorizationMessageResult:
        """Read ``DecodeAuthorizationMessageResult/DecodedMessage``."""
        result = xml.child(root, "DecodeAuthorizationMessageResult")
        return DecodeAuthorizationMessageResult(xml.text(result, "DecodedMessage"), metadata)
