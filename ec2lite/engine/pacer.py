"""What paces a client's calls, as the engine sees it: who takes tokens, and what becomes of them.

``ec2lite.bulk.turns`` has the one that ``Client(pacing=…)`` makes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ec2lite.errors import EC2Error
    from ec2lite.models import Credentials, Endpoint
    from ec2lite.protocol.operation import Operation


class Tokens(Protocol):
    """The tokens of one request, and the seconds until they are there."""

    @property
    def pause(self) -> float:
        """How long to wait before the request is sent."""
        ...

    def give_back(self) -> None:
        """Put them back, because no request was sent."""
        ...

    def settle(self, error: EC2Error | None) -> None:
        """Learn from how the request ended; None is success."""
        ...


class Pacer(Protocol):
    """Hands out the tokens of an account, Region and action."""

    def take(
        self, operation: Operation[Any], endpoint: Endpoint, credentials: Credentials
    ) -> Tokens:
        """Take the tokens of one request."""
        ...
