"""Who may sign requests to a fake EC2: its own user, and sessions of roles that were assumed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from ec2lite.models import Credentials
from ec2lite.testing.fleet import ACCOUNT

if TYPE_CHECKING:
    from random import Random


@frozen
class Identity:
    """Credentials, and whose they are."""

    credentials: Credentials
    arn: str
    user_id: str

    def has_expired(self, now: datetime) -> bool:
        """Whether the credentials are no longer valid."""
        ends = self.credentials.expiration
        return ends is not None and ends <= now


class Identities:
    """Those that are known, by access key id."""

    def __init__(self, credentials: Credentials, dice: Random) -> None:
        self._dice = dice
        user = Identity(credentials, f"arn:aws:iam::{ACCOUNT}:user/fake", "AIDACKCEVSQ6C2EXAMPLE")
        self._known: dict[str, Identity] = {credentials.access_key_id: user}

    def find(self, access_key_id: str) -> Identity | None:
        """Return whose a key is."""
        return self._known.get(access_key_id)

    def assume(self, role_arn: str, session: str, seconds: int, now: datetime) -> Identity:
        """Return a new session of a role."""
        account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        ends = now.replace(microsecond=0) + timedelta(seconds=seconds)
        credentials = Credentials(
            f"ASIA{self._random(16).upper()}", self._random(40), self._random(64), ends, account
        )
        arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
        identity = Identity(credentials, arn, f"AROA{self._random(17).upper()}:{session}")
        self._known[credentials.access_key_id] = identity
        return identity

    def _random(self, length: int) -> str:
        return f"{self._dice.getrandbits(4 * length):0{length}x}"
