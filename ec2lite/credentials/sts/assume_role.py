"""AssumeRole, whole.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from attrs import field, frozen

from ec2lite.errors import ResponseError
from ec2lite.models import Credentials, ResponseMetadata
from ec2lite.operations.fields import checked, sent
from ec2lite.operations.scalars import INTEGER, TEXT
from ec2lite.operations.structures import form_pairs
from ec2lite.protocol import xml
from ec2lite.protocol.dates import read_time
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from datetime import datetime

    from ec2lite.protocol.xml import Element


@frozen
class AssumeRoleResult:
    """A role's temporary credentials; ``arn`` has the role's name and the session's."""

    credentials: Credentials
    arn: str
    response_metadata: ResponseMetadata

    def to_dict(self) -> dict[str, Any]:
        """Return boto3's dict of what is read of the answer: ``AssumedRoleId`` is not."""
        keys = self.credentials
        return {
            "Credentials": {
                "AccessKeyId": keys.access_key_id,
                "SecretAccessKey": keys.secret_access_key,
                "SessionToken": keys.session_token,
                "Expiration": keys.expiration,
            },
            "AssumedRoleUser": {"Arn": self.arn},
            "ResponseMetadata": self.response_metadata.to_dict(),
        }


@frozen(field_transformer=checked)
class AssumeRole(Operation[AssumeRoleResult]):
    """Get temporary credentials of a role.

    - ``duration_seconds``: how long they are valid, 900 at least; STS's default is an hour.
    - ``serial_number``, ``token_code``: the MFA device, and the code that it shows.
    """

    action: ClassVar[str] = "AssumeRole"
    service: ClassVar[str] = "sts"
    version: ClassVar[str] = "2011-06-15"
    confidential: ClassVar[bool] = True

    role_arn: str = field(metadata=sent("RoleArn", TEXT))
    role_session_name: str = field(metadata=sent("RoleSessionName", TEXT))
    external_id: str | None = field(default=None, repr=False, metadata=sent("ExternalId", TEXT))
    duration_seconds: int | None = field(default=None, metadata=sent("DurationSeconds", INTEGER))
    serial_number: str | None = field(default=None, metadata=sent("SerialNumber", TEXT))
    token_code: str | None = field(default=None, repr=False, metadata=sent("TokenCode", TEXT))

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return the parameters that are set."""
        return form_pairs(self)

    def parse(self, root: Element, metadata: ResponseMetadata) -> AssumeRoleResult:
        """Read ``AssumeRoleResult/{Credentials, AssumedRoleUser}``."""
        return read_role(xml.child(root, "AssumeRoleResult"), metadata)


def read_role(result: Element, metadata: ResponseMetadata) -> AssumeRoleResult:
    """Read what AssumeRole and its siblings have in common."""
    keys = xml.child(result, "Credentials")
    user = xml.find(result, "AssumedRoleUser")
    arn = "" if user is None else xml.text(user, "Arn")
    credentials = Credentials(
        _filled(keys, "AccessKeyId"),
        _filled(keys, "SecretAccessKey"),
        _filled(keys, "SessionToken"),
        _time(xml.text(keys, "Expiration")),
        # arn:aws:sts::123456789012:assumed-role/name/session
        arn.split(":")[4] if arn.count(":") >= 5 else None,
    )
    return AssumeRoleResult(credentials, arn, metadata)


def _filled(keys: Element, name: str) -> str:
    value = xml.text(keys, name)
    if not value:
        raise ResponseError(f"<Credentials> has an empty <{name}>")
    return value


def _time(value: str) -> datetime:
    time = read_time(value)
    if time is None:
        raise ResponseError("<Expiration> is not a time in ISO 8601")
    return time
