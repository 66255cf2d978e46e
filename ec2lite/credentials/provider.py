"""What a provider is: a flow that returns credentials, or raises why it has none.

A provider raises

- ``NotHere`` when it is not configured, or when nobody answers where it looks: the chain asks the
  next one;
- ``CredentialsError`` (or ``ConfigError``) when it is configured and fails: the chain stops,
  because the credentials of somebody else could do harm.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import evolve, field, frozen

from ec2lite.config.settings import Settings
from ec2lite.credentials.deadline import seconds_left
from ec2lite.engine.retry import Retrier, StandardRetry
from ec2lite.errors import CredentialsError
from ec2lite.models import Credentials
from ec2lite.signing.signer import Signer

if TYPE_CHECKING:
    from ec2lite.engine.flow import Flow

logger: Final = logging.getLogger(__name__)

Clock: TypeAlias = "Callable[[], datetime]"
Provider: TypeAlias = "Callable[[Ask], Flow[Credentials]]"
Named: TypeAlias = "tuple[str, Provider]"


class NotHere(Exception):  # noqa: N818 - it is an answer, and never leaves this package
    """The provider has nothing; the text says where it looked and what is missing."""


def utc_now() -> datetime:
    """Return the current time, timezone-aware."""
    return datetime.now(UTC)


@frozen
class Ask:
    """What a provider is told.

    ``profile`` is the profile to read, ``visited`` are the profiles that led to it by
    ``source_profile``. ``mfa_token`` takes a device's serial number and returns the code it shows.
    ``signer`` signs calls to STS; ``retrier`` holds the retry quota that they share. ``deadline``
    is the ``time.monotonic()`` value at which the caller stops waiting; None is never.
    """

    settings: Settings
    profile: str
    clock: Clock = utc_now
    mfa_token: Callable[[str], str] | None = None
    signer: Signer | None = None
    retrier: Retrier = field(factory=lambda: StandardRetry().start(), repr=False)
    dice: Callable[[], float] = field(default=random.random, repr=False)
    deadline: float | None = None
    visited: tuple[str, ...] = ()

    @property
    def is_source(self) -> bool:
        """Whether another profile named this one as its ``source_profile``."""
        return bool(self.visited)

    def value(self, key: str) -> str | None:
        """Return a property of the profile; None if it is missing or blank."""
        settings = self.settings
        # `section` refuses an active profile that was named and does not exist.
        if self.profile == settings.profile_name:
            return text(settings.section, key)
        return text(settings.files.profiles.get(self.profile, {}), key)

    def env(self, name: str) -> str | None:
        """Return an environment variable; None if it is unset or blank."""
        return self.settings.env(name)

    def for_source_profile(self, profile: str) -> Ask:
        """Return what the providers of a ``source_profile`` are told."""
        return evolve(self, profile=profile, visited=(*self.visited, self.profile))

    def seconds_left(self, limit: float) -> float:
        """Return how long a step may take that would take ``limit`` seconds at most."""
        return min(limit, seconds_left(self.deadline))


@frozen
class Found:
    """Credentials, and the provider that gave them."""

    provider: str
    credentials: Credentials


def text(section: dict[str, Any], key: str) -> str | None:
    """Return a property if it is a string and not blank."""
    value = section.get(key)
    return value if isinstance(value, str) and value.strip() else None


def find_first(providers: Iterable[Named], ask: Ask, complaint: str) -> Flow[Found]:
    """Ask the providers in turn; raise ``CredentialsError`` with all their reasons."""
    failures: list[tuple[str, str]] = []
    for name, provider in providers:
        try:
            credentials = yield from provider(ask)
            _check_time(name, credentials, ask.clock())
        except NotHere as why:
            logger.debug("no credentials from %s: %s", name, why)
            failures.append((name, str(why)))
        except CredentialsError as error:
            error.failures = (*failures, *(error.failures or ((name, str(error)),)))
            raise
        else:
            logger.debug("credentials from %s", name)
            return Found(name, credentials)
    raise CredentialsError(complaint, tuple(failures))


def _check_time(name: str, credentials: Credentials, now: datetime) -> None:
    end = credentials.expiration
    if end is not None and end <= now:
        raise CredentialsError(f"The credentials from {name} expired at {end:%Y-%m-%dT%H:%M:%SZ}.")
