"""What was asked of a fake EC2."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import field, frozen

OK: Final = "ok"
RESET: Final = "reset"


@frozen
class Call:
    """A request: ``parameters`` as they came over the wire, without ``Action`` and ``Version``.

    ``time`` is the clock's. ``outcome`` is ``"ok"``, the code of the error, or ``"reset"`` where
    the connection was cut; ``""`` for a policy, which is asked before there is one.
    """

    action: str
    parameters: dict[str, str] = field(repr=False)
    time: datetime
    outcome: str = ""

    @property
    def instance_ids(self) -> list[str]:
        """The ids of the request, in its order."""
        return values(self.parameters, "InstanceId")


def values(parameters: dict[str, str], name: str) -> list[str]:
    """Return the values of a list: ``name.1``, ``name.2`` and so on; or the lone ``name``."""
    found: list[str] = []
    while (value := parameters.get(f"{name}.{len(found) + 1}")) is not None:
        found.append(value)
    lone = parameters.get(name)
    return found or ([] if lone is None else [lone])
