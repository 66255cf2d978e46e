"""The default chain, over a client's life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve

from ec2lite.credentials.chain import resolve
from ec2lite.credentials.provider import Ask, Clock, Found, utc_now
from ec2lite.credentials.sts import requests as sts

if TYPE_CHECKING:
    from collections.abc import Callable

    from ec2lite.config.settings import Settings
    from ec2lite.engine.flow import Flow
    from ec2lite.signing.signer import Signer


@define
class Search:
    """The default chain, for a client's life: who gave credentials once is asked again."""

    ask: Ask
    provider: str | None = None

    def flow(self) -> Flow[Found]:
        """Return a flow that finds credentials."""
        found = yield from resolve(self.ask, self.provider)
        self.provider = found.provider
        # The next time the files are read again: somebody may have changed the keys.
        self.ask = evolve(self.ask, settings=evolve(self.ask.settings))
        return found


def search(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    mfa_token: Callable[[str], str] | None = None,
    signer: Signer | None = None,
) -> Search:
    """Return the default chain for the settings' profile. It reads nothing yet."""
    call_sts = sts.caller(settings, clock, signer)
    return Search(Ask(settings, settings.profile_name, call_sts, clock, mfa_token))
