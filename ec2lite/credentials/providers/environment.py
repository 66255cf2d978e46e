"""Keys in the environment.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.credentials.answers import credentials, parse_time
from ec2lite.credentials.provider import Ask, NotHere
from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    from ec2lite.engine.flow import Flow
    from ec2lite.models import Credentials


def environment(ask: Ask) -> Flow[Credentials]:
    """Give ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY`` and what goes with them."""
    key = ask.env("AWS_ACCESS_KEY_ID")
    if key is None:
        raise NotHere("AWS_ACCESS_KEY_ID is not set")
    secret = ask.env("AWS_SECRET_ACCESS_KEY")
    if secret is None:
        raise CredentialsError("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not.")
    end = ask.env("AWS_CREDENTIAL_EXPIRATION")
    return credentials(
        "The environment",
        key,
        secret,
        # The first is the old name; botocore reads it first, too.
        ask.env("AWS_SECURITY_TOKEN") or ask.env("AWS_SESSION_TOKEN"),
        None if end is None else parse_time(end, "AWS_CREDENTIAL_EXPIRATION"),
        ask.env("AWS_ACCOUNT_ID"),
    )
    yield  # makes it a flow, though it needs nothing
