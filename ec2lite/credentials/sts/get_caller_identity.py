"""GetCallerIdentity, whole.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from attrs import frozen

from ec2lite.operations.fields import Result, read_result, required, shape, text
from ec2lite.protocol import xml
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element


@shape
class GetCallerIdentityResult(Result):
    """Whose credentials signed the request: ``account`` (twelve digits), ``arn``, ``user_id``."""

    account: str = required(text("Account"))
    arn: str = required(text("Arn"))
    user_id: str = required(text("UserId"))


@frozen
class GetCallerIdentity(Operation[GetCallerIdentityResult]):
    """Ask STS whose credentials the request was signed with. It needs no permission."""

    action: ClassVar[str] = "GetCallerIdentity"
    service: ClassVar[str] = "sts"
    version: ClassVar[str] = "2011-06-15"

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return nothing: there are no parameters."""
        return []

    def parse(self, root: Element, metadata: ResponseMetadata) -> GetCallerIdentityResult:
        """Read ``GetCallerIdentityResult/{Account, Arn, UserId}``."""
        document = xml.child(root, "GetCallerIdentityResult")
        return read_result(GetCallerIdentityResult, document, metadata)
