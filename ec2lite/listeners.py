"""Who listens to a client's calls: what is passed as ``on_event=``, and the logger ``ec2lite``.

The events are in ``events.py``, which nobody imports where nobody listens.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeAlias

from ec2lite.errors import EC2Error

if TYPE_CHECKING:
    from collections.abc import Callable

    from ec2lite.events import Event

Listener: TypeAlias = "Callable[[Event], object]"

logger: Final = logging.getLogger("ec2lite")


def tell(listener: Listener, event: Event) -> None:
    """Pass an event on. What the listener raises is logged: it does no harm to the call."""
    try:
        listener(event)
    except Exception:
        logger.warning("on_event failed for %s", type(event).__name__, exc_info=True)


def error_code(error: BaseException) -> str | None:
    """Return AWS's code of an error that has one."""
    code: str | None = getattr(error, "code", None) if isinstance(error, EC2Error) else None
    return code
