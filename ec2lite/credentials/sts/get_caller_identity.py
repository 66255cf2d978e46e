"""GetCallerIdentity, whole.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen

from ec2lite.models import ResponseMetadata
from ec2lite.protocol import xml
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from ec2lite.protocol.xml import Element


@frozen
class GetCallerIdentityResult:
    """Whose credentials they are: ``account`` (twelve digits), ``arn`` and ``user_id``."""

    account: str
    arn: str
    user_id: str
    response_metadata: ResponseMetadata

    def to_dict(self) -> dict[str, Any]:
        """Return the dict that boto3 would have returned, key for key."""
        return {
            "UserId": self.user_id,
            "Account": self.account,
            "Arn": self.arn,
            "ResponseMetadata": self.response_metadata.to_dict(),
        }


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
        result = xml.child(root, "GetCallerIdentityResult")
        return GetCallerIdentityResult(
            account=xml.text(result, "Account"),
            arn=xml.text(result, "Arn"),
            user_id=xml.text(result, "UserId"),
            response_metadata=metadata,
        )
