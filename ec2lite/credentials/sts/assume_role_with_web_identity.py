"""AssumeRoleWithWebIdentity, whole.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from ec2lite.credentials.sts.assume_role import AssumeRoleResult, read_role
from ec2lite.operations.fields import checked, sent
from ec2lite.operations.scalars import TEXT
from ec2lite.operations.structures import form_pairs
from ec2lite.protocol import xml
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element


@frozen(field_transformer=checked)
class AssumeRoleWithWebIdentity(Operation[AssumeRoleResult]):
    """Get temporary credentials of a role for a token of an identity provider.

    The request is not signed: the token proves who asks.
    """

    action: ClassVar[str] = "AssumeRoleWithWebIdentity"
    service: ClassVar[str] = "sts"
    version: ClassVar[str] = "2011-06-15"
    signed: ClassVar[bool] = False
    confidential: ClassVar[bool] = True

    role_arn: str = field(metadata=sent("RoleArn", TEXT))
    role_session_name: str = field(metadata=sent("RoleSessionName", TEXT))
    web_identity_token: str = field(repr=False, metadata=sent("WebIdentityToken", TEXT))

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return the three parameters."""
        return form_pairs(self)

    def parse(self, root: Element, metadata: ResponseMetadata) -> AssumeRoleResult:
        """Read ``AssumeRoleWithWebIdentityResult/{Credentials, AssumedRoleUser}``."""
        return read_role(xml.child(root, "AssumeRoleWithWebIdentityResult"), metadata)
