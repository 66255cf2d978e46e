"""Who listens to a client's calls: what is passed as ``on_event=``, and the logger ``ec2lite``.

The events are in ``events.py``, which nobody imports where nobody listens.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final, TypeAlias

from ec2lite.errors import EC2Error

if TYPE_CHECKING:
    from collections.abc import Callable

    from ec2lite.events import Event

Listener: TypeAlias = "Callable[[Event], object]"

logger: Final = logging.getLogger("ec2lite")


def tell(listener: Listener, event: Event) -> None:
    """Pass an event on. What the listener raises is logged: it does no harm to the call."""
    met = sys.exception()
    try:
        listener(event)
    except Exception as error:
        _forget(met, error)
        logger.warning("on_event failed for %s", type(event).__name__, exc_info=True)


def _forget(met: BaseException | None, error: BaseException | None) -> None:
    """Cut off what the call itself had met: the log has no text of an answer."""
    while met is not None and error is not None:
        if error.__context__ is met:
            error.__context__ = None
        error = error.__context__


def error_code(error: BaseException) -> str | None:
    """Return AWS's code of an error that has one."""
    code: str | None = getattr(error, "code", None) if isinstance(error, EC2Error) else None
    return code
