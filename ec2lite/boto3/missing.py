"""What to say of what boto3 has and ec2lite has not."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# Where the nearest name would mislead.
_INSTEAD: Final = {"resource": "client", "run_instances": "start_instances"}


def missing(owner: str, name: str, known: Iterable[str]) -> AttributeError:
    """Return the error for a name; it says which of the known ones comes closest."""
    near = _INSTEAD.get(name) or difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
    return AttributeError(
        f"{owner} has no attribute {name!r}: boto3's may have it; the closest thing that ec2lite"
        f" has is {near}"
    )
