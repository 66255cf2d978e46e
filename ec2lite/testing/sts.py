"""The actions of STS that go with EC2: who am I, be somebody else, why was I denied.

https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from typing import TYPE_CHECKING, Final

from ec2lite.testing.fleet import ACCOUNT
from ec2lite.testing.refusals import Refusal

if TYPE_CHECKING:
    from datetime import datetime

    from ec2lite.testing.calls import Call
    from ec2lite.testing.documents import Document
    from ec2lite.testing.identities import Identities, Identity

VERSION: Final = "2011-06-15"
_ROLE: Final = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/.+")
_HOUR: Final = 3600
_SHORTEST, _LONGEST = 900, 12 * 3600


def caller_identity(
    call: Call, identity: Identity, identities: Identities, now: datetime
) -> dict[str, Document]:
    """Answer GetCallerIdentity."""
    del call, identities, now
    account = identity.arn.split(":")[4]
    return {"Arn": identity.arn, "UserId": identity.user_id, "Account": account}


def assume_role(
    call: Call, identity: Identity, identities: Identities, now: datetime
) -> dict[str, Document]:
    """Answer AssumeRole: any role can be assumed, unless the policy says otherwise."""
    del identity
    parameters = call.parameters
    role, name = parameters.get("RoleArn", ""), parameters.get("RoleSessionName", "")
    if not _ROLE.fullmatch(role):
        raise Refusal("ValidationError", f"{role} is invalid")
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII):
        raise Refusal("ValidationError", "1 validation error detected: Value at 'roleSessionName'")
    text = parameters.get("DurationSeconds", str(_HOUR))
    seconds = int(text) if text.isascii() and text.isdigit() else 0
    if not _SHORTEST <= seconds <= _LONGEST:
        raise Refusal("ValidationError", "1 validation error detected: Value at 'durationSeconds'")
    session = identities.assume(role, name, seconds, now)
    keys = session.credentials
    return {
        "Credentials": {
            "AccessKeyId": keys.access_key_id,
            "SecretAccessKey": keys.secret_access_key,
            "SessionToken": keys.session_token,
            "Expiration": f"{keys.expiration:%Y-%m-%dT%H:%M:%SZ}",
        },
        "AssumedRoleUser": {"Arn": session.arn, "AssumedRoleId": session.user_id},
    }


def decode_message(
    call: Call, identity: Identity, identities: Identities, now: datetime
) -> dict[str, Document]:
    """Answer DecodeAuthorizationMessage."""
    del identity, identities, now
    try:
        packed = base64.urlsafe_b64decode(call.parameters.get("EncodedMessage", ""))
        return {"DecodedMessage": zlib.decompress(packed).decode()}
    except (binascii.Error, ValueError, zlib.error):
        raise Refusal("InvalidAuthorizationMessageException", "Message is not valid") from None


Answer = "Callable[[Call, Identity, Identities, datetime], dict[str, Document]]"
ACTIONS: Final = {
    "GetCallerIdentity": caller_identity,
    "AssumeRole": assume_role,
    "DecodeAuthorizationMessage": decode_message,
}
NEEDS_NO_PERMISSION: Final = "GetCallerIdentity"


def denied(call: Call, identity: Identity, region: str) -> Refusal:
    """Return the refusal of what the policy does not permit, as the service of the action says it.

    EC2's message has the reason encoded, so that only those may read it who are permitted to.
    """
    if call.action in ACTIONS:
        return Refusal(
            "AccessDenied",
            f"User: {identity.arn} is not authorized to perform: sts:{call.action}",
        )
    return Refusal(
        "UnauthorizedOperation",
        "You are not authorized to perform this operation. "
        f"Encoded authorization failure message: {_encoded(call, identity, region)}",
    )


def _encoded(call: Call, identity: Identity, region: str) -> str:
    first = (call.instance_ids or ["*"])[0]
    reason: dict[str, object] = {
        "allowed": False,
        "explicitDeny": False,
        "matchedStatements": {"items": []},
        "failures": {"items": []},
        "context": {
            "principal": {"id": identity.user_id, "arn": identity.arn},
            "action": f"ec2:{call.action}",
            "resource": f"arn:aws:ec2:{region}:{ACCOUNT}:instance/{first}",
            "conditions": {"items": []},
        },
    }
    packed = zlib.compress(json.dumps(reason, separators=(",", ":")).encode())
    return base64.urlsafe_b64encode(packed).decode()
