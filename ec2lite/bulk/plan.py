"""How long work on many instances will take, worked out before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import asdict, frozen

from ec2lite import checks
from ec2lite.bulk.pacing import NoPacing, Pacing, batch_limit, buckets

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST: Final = 10_000_000


@frozen
class Plan:
    """What work on many instances takes at least.

    - ``action``, ``instances``: what is done, and to how many.
    - ``requests``: how many are sent where none is refused or repeated.
    - ``seconds``: from the first request to the last one, if the buckets are full at the start. The
      time that EC2 takes to answer comes on top.
    """

    action: str
    instances: int
    requests: int
    seconds: float

    def to_json(self) -> str:
        """Return it as JSON."""
        import json

        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Return what ``to_json`` wrote; a ``ConfigError`` if it did not."""
        import json

        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError, RecursionError):
            raise checks.wrong("text", "what to_json() returned", "something else") from None


def plan(
    action: str,
    instance_ids: str | Iterable[str] | int,
    batch_size: int,
    pacing: Pacing | NoPacing | None,
) -> Plan:
    """Return the plan for ids, or for a number of instances."""
    if isinstance(instance_ids, int):
        count = checks.whole("instance_ids", instance_ids, least=0, most=_MOST)
    else:
        count = len(checks.instance_ids(instance_ids))
    checks.whole("batch_size", batch_size, most=1000)
    check_pacing("pacing", pacing)
    sent = -(-count // batch_limit(action, batch_size, pacing))
    if isinstance(pacing, NoPacing):
        return Plan(action, count, sent, 0.0)
    requests, instances = buckets(action, pacing)
    # The last request leaves when each bucket has had its tokens for all of them.
    seconds = max(0.0, (sent - requests.size) / requests.refill)
    if instances is not None:
        seconds = max(seconds, (count - instances.size) / instances.refill)
    return Plan(action, count, sent, seconds)


def check_pacing(name: str, value: object) -> None:
    """Check that a value says how fast to go."""
    if value is not None and not isinstance(value, Pacing | NoPacing):
        raise checks.wrong(name, "Pacing, NoPacing or None", checks.kind(value))
