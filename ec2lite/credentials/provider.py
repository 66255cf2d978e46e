"""What a provider is: a flow that ends in credentials, or says why it has none.

A provider raises

- ``NotHere`` when nothing is configured for it, or nobody answers where it looks: the next one is
  asked;
- ``CredentialsError`` (or ``ConfigError``) when it is configured and does not work: nobody else is
  asked, because other credentials than those that were meant could do harm.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import evolve, field, frozen

from ec2lite.config.settings import Settings
from ec2lite.errors import CredentialsError
from ec2lite.models import Credentials

if TYPE_CHECKING:
    from ec2lite.engine.flow import Flow
    from ec2lite.protocol.operation import Operation

logger: Final = logging.getLogger(__name__)

Clock: TypeAlias = "Callable[[], datetime]"
Provider: TypeAlias = "Callable[[Ask], Flow[Credentials]]"
Named: TypeAlias = "tuple[str, Provider]"
StsCall: TypeAlias = "Callable[[Operation[Any], Credentials | None], Flow[Any]]"


class NotHere(Exception):  # noqa: N818 - it is an answer, and never leaves this package
    """There is nothing where the provider looks; the text says where, and what is missing."""


def utc_now() -> datetime:
    """Return the time, timezone-aware."""
    return datetime.now(UTC)


@frozen
class Ask:
    """What a provider is told.

    ``profile`` is the profile whose section counts; ``visited`` are those that led to it by
    ``source_profile``. ``sts`` calls STS with given credentials, or unsigned with None.
    ``mfa_token`` is called with the device's serial number and returns the code it shows.
    """

    settings: Settings
    profile: str
    sts: StsCall
    clock: Clock = utc_now
    mfa_token: Callable[[str], str] | None = None
    dice: Callable[[], float] = field(default=random.random, repr=False)
    visited: tuple[str, ...] = ()

    @property
    def is_source(self) -> bool:
        """Whether another profile named this one as its ``source_profile``."""
        return bool(self.visited)

    def value(self, key: str) -> str | None:
        """Return a property of the profile; None if it is not there, or blank."""
        settings = self.settings
        # The active profile has to exist if somebody named it: `section` sees to that.
        if self.profile == settings.profile_name:
            return text(settings.section, key)
        return text(settings.files.profiles.get(self.profile, {}), key)

    def env(self, name: str) -> str | None:
        """Return an environment variable; None if it is not set, or blank."""
        return self.settings.env(name)

    def source(self, profile: str) -> Ask:
        """Return the same question for a ``source_profile``."""
        return evolve(self, profile=profile, visited=(*self.visited, self.profile))


@frozen
class Found:
    """Credentials, and the provider that gave them."""

    provider: str
    credentials: Credentials


def text(section: dict[str, Any], key: str) -> str | None:
    """Return a property that is a string and not blank."""
    value = section.get(key)
    return value if isinstance(value, str) and value.strip() else None


def first(
    providers: Sequence[Named], ask: Ask, complaint: str = "No credentials were found. Asked:"
) -> Flow[Found]:
    """Ask one provider after the other; raise ``CredentialsError`` with all their reasons."""
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
