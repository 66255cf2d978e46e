"""Credentials that the caller passes."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ec2lite import checks
from ec2lite.credentials.deadline import out_of_time, seconds_left
from ec2lite.engine.flow import GET_CREDENTIALS, GetCredentials
from ec2lite.errors import CredentialsError
from ec2lite.models import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

_FROZEN = "get_frozen_credentials"
_MEMBERS = ("access_key", "secret_key", "token")


@frozen(eq=False, repr=False)
class Fixed:
    """Gives the same credentials to threads, always."""

    credentials: Credentials
    provider: str = "argument"

    def get(self, want: GetCredentials = GET_CREDENTIALS) -> Credentials:
        """Return them, even if they were rejected: there are no others."""
        del want
        return self.credentials


@frozen(eq=False, repr=False)
class AsyncFixed:
    """Gives the same credentials to tasks, always."""

    credentials: Credentials
    provider: str = "argument"

    async def get(self, want: GetCredentials = GET_CREDENTIALS) -> Credentials:
        """Return them, even if they were rejected: there are no others."""
        del want
        return self.credentials


@frozen(eq=False, repr=False)
class Foreign:
    """Gives the keys of an object like botocore's to threads, asking it for every request."""

    source: Any = field(repr=False)
    provider: str = "argument"

    def get(self, want: GetCredentials = GET_CREDENTIALS) -> Credentials:
        """Return its current keys. The object renews them itself; no time limit interrupts it."""
        del want
        try:
            return _thaw(self.source.get_frozen_credentials())
        except Exception as error:
            raise _failed(error) from error


@frozen(eq=False, repr=False)
class AsyncForeign:
    """Gives the keys of an object like botocore's to tasks, asking it for every request."""

    source: Any = field(repr=False)
    provider: str = "argument"

    async def get(self, want: GetCredentials = GET_CREDENTIALS) -> Credentials:
        """Return its current keys, asking in a worker thread if that may block.

        ``get_frozen_credentials`` may be a coroutine function, as aiobotocore's is.
        Raises ``CredentialsError``, or ``TransportError`` when ``want.deadline`` passes first.
        """
        import anyio

        with anyio.move_on_after(seconds_left(want.deadline)):
            try:
                return _thaw(await self._frozen())
            except Exception as error:
                raise _failed(error) from error
        raise out_of_time()

    async def _frozen(self) -> Any:  # noqa: ANN401 - the caller's own class
        ask: Callable[[], Any] = self.source.get_frozen_credentials
        if inspect.iscoroutinefunction(ask):
            return await ask()
        # botocore's objects say whether a renewal is due. If not, save the 60 us of a thread.
        renewal_due = getattr(self.source, "refresh_needed", None)
        if renewal_due is not None and not renewal_due():
            return ask()
        import anyio.to_thread

        # When the caller leaves, the thread goes on, and its result is dropped.
        return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True)


def check(given: object) -> None:
    """Refuse an object that cannot give credentials, before a call needs it."""
    if isinstance(given, Credentials) or checks.has(given, _FROZEN):
        return
    if is_frozen(given):
        _thaw(given)
    else:
        expected = f"ec2lite.Credentials or an object with {_FROZEN}()"
        raise checks.wrong("credentials", expected, checks.kind(given))


def is_frozen(given: object) -> bool:
    """Whether an object is what ``get_frozen_credentials()`` returns, passed itself."""
    return not isinstance(given, type) and all(hasattr(given, name) for name in _MEMBERS)


def fixed(given: object) -> Credentials | None:
    """Return the credentials that always stay the same; None if the object gives others."""
    if isinstance(given, Credentials):
        return given
    return None if checks.has(given, _FROZEN) else _thaw(given)


def _thaw(frozen_credentials: Any) -> Credentials:  # noqa: ANN401 - the caller's own class
    return Credentials(
        frozen_credentials.access_key,
        frozen_credentials.secret_key,
        frozen_credentials.token,
        account_id=getattr(frozen_credentials, "account_id", None),
    )


def _failed(error: Exception) -> CredentialsError:
    reason = f"the object passed as credentials= gave none: {type(error).__name__}"
    return CredentialsError(reason, (("argument", str(error)),))
