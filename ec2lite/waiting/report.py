"""What a wait says that did not succeed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ec2lite.waiting.conditions import Condition
    from ec2lite.waiting.seen import Seen

SHOWN: Final = 10
"""So many instances are told of one by one; the others are counted."""


def stuck(condition: Condition, stuck: Mapping[str, Seen], total: int, elapsed: float) -> str:
    """Return what became of the instances that are stuck."""
    ids = list(stuck)
    are = "is" if len(ids) == 1 else "are"
    lines = [f"{len(ids)} of {total} {are} {condition.negation} after {elapsed:.0f} s:"]
    lines += [f"  {each}: {stuck[each].text()}" for each in ids[:SHOWN]]
    if others := ids[SHOWN:]:
        lines.append(f"  and {len(others)} more: {counted(stuck[each].state for each in others)}")
    return "\n".join(lines)


def interrupted(
    condition: Condition,
    reached: Collection[str],
    waiting: Mapping[str, Seen],
    stuck: Collection[str],
) -> str:
    """Return how far a wait had come when it was interrupted."""
    total = len(reached) + len(waiting) + len(stuck)
    said = [f"{len(reached)} of {total} reached {condition.goal}"]
    if reached:
        said.append(f"  {condition.goal}: {_some(reached)}")
    if waiting:
        states = counted(seen.state for seen in waiting.values())
        said.append(f"  still waited for ({states}): {_some(waiting)}")
    if stuck:
        said.append(f"  stuck: {_some(stuck)}")
    return "\n".join(said)


def counted(states: Iterable[str]) -> str:
    """Return how many instances are in which state: ``3 stopping, 1 running``."""
    return ", ".join(f"{number} {state}" for state, number in Counter(states).most_common())


def _some(ids: Collection[str]) -> str:
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return f"{', '.join(list(ids)[:SHOWN])}{more}"
