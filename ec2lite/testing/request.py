"""A request to a fake EC2, and what its parameters mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from ec2lite.testing import refusals
from ec2lite.testing.calls import values
from ec2lite.testing.changes import Way
from ec2lite.testing.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection

_ID: Final = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_FLAGS: Final = {"true": True, "false": False}
_NUMBERED: Final = re.compile(r"\.\d+(?=\.|$)")


@frozen
class Request:
    """An action and its parameters."""

    action: str
    parameters: dict[str, str] = field(repr=False)

    @property
    def instance_ids(self) -> list[str]:
        """The ids that were asked for."""
        return values(self.parameters, "InstanceId")

    @property
    def way(self) -> Way:
        """How to stop or terminate."""
        return Way(self.flag("Hibernate"), self.flag("Force"), self.flag("SkipOsShutdown"))

    def flag(self, name: str) -> bool:
        """Return what a flag says; one that is not there says no."""
        text = self.parameters.get(name, "false")
        if text.lower() not in _FLAGS:
            raise Refusal("InvalidParameterValue", f"Invalid value '{text}' for {name}")
        return _FLAGS[text.lower()]

    def check_names(self, known: Collection[str] | None) -> None:
        """Refuse parameters that the action does not have; ``known`` has no numbers in it."""
        if known is None:
            return
        for name in self.parameters:
            if _NUMBERED.sub("", name) not in known:
                raise Refusal("UnknownParameter", f"The parameter {name} is not recognized")

    def check_ids(self) -> None:
        """Refuse ids that cannot be one."""
        for each in self.instance_ids:
            if not _ID.fullmatch(each):
                raise refusals.malformed(each)

    def need(self, name: str) -> str:
        """Return a parameter that must be there."""
        found = values(self.parameters, name)
        if not found:
            raise Refusal("MissingParameter", f"The request must contain the parameter {name}")
        return found[0]
