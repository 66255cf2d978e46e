"""The default chain: the order in which providers are asked for credentials.

Where AWS's documentation leaves the order open, botocore's holds.
https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field

from ec2lite.credentials.provider import Ask, Clock, Found, Named, find_first, utc_now
from ec2lite.credentials.providers import web_identity
from ec2lite.credentials.providers.assume_role import assume_role
from ec2lite.credentials.providers.container import container
from ec2lite.credentials.providers.environment import environment
from ec2lite.credentials.providers.imds import imds
from ec2lite.credentials.providers.login import login
from ec2lite.credentials.providers.process import process
from ec2lite.credentials.providers.sso import sso
from ec2lite.credentials.providers.static import static
from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ec2lite.config.settings import Settings
    from ec2lite.engine.flow import Flow
    from ec2lite.signing.signer import Signer

OF_A_PROFILE: Final[tuple[Named, ...]] = (
    ("web identity of the profile", web_identity.from_profile),
    ("sso", sso),
    ("keys of the profile", static),
    ("login", login),
    ("process", process),
)
OF_THE_ENVIRONMENT: Final[tuple[Named, ...]] = (
    ("environment", environment),
    ("web identity of the environment", web_identity.from_environment),
)
CHAIN: Final[tuple[Named, ...]] = (
    *OF_THE_ENVIRONMENT,
    ("assume role", partial(assume_role, of_a_profile=OF_A_PROFILE)),
    *OF_A_PROFILE,
    ("container", container),
    ("instance metadata", imds),
)
_NOTHING = (
    "No credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with "
    "`aws login`."
)


@define
class Chain:
    """The default chain over a client's life.

    The provider that gave credentials is the one to renew them, so that a client never changes its
    identity. The shared files are read again for each renewal: the keys in them may have changed.
    """

    ask: Ask
    provider: str | None = None
    _was_asked: bool = field(default=False, init=False)

    def find(self, deadline: float | None = None) -> Flow[Found]:
        """Return credentials and who gave them; ``deadline`` is a ``time.monotonic()`` value."""
        settings = evolve(self.ask.settings) if self._was_asked else self.ask.settings
        self._was_asked = True
        # A profile that was named must exist, even if no provider needs it.
        _ = settings.section
        ask = evolve(self.ask, settings=settings, deadline=deadline)
        try:
            found = yield from find_first(self._providers(settings), ask, _NOTHING)
        except CredentialsError as error:
            notes = settings.shared_files.passed_over
            error.failures += tuple(("shared files", f"passed over {note}") for note in notes)
            raise
        self.provider = found.provider
        return found

    def _providers(self, settings: Settings) -> Iterator[Named]:
        for each in CHAIN:
            # Whoever passes a profile means that one, and not the environment's keys.
            is_passed_over = settings.profile_is_explicit and each in OF_THE_ENVIRONMENT
            if self.provider not in {None, each[0]} or is_passed_over:
                continue
            if each not in OF_THE_ENVIRONMENT:
                # A file that cannot be read may name other credentials than those found without it.
                settings.need_files()
            yield each


def default_chain(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    mfa_token: Callable[[str], str] | None = None,
    signer: Signer | None = None,
) -> Chain:
    """Return the default chain for the settings' profile. It reads nothing yet."""
    return Chain(Ask(settings, settings.profile_name, clock, mfa_token, signer))
