"""boto3's waiters, by boto3's own rules: a look every ``Delay`` seconds, ``MaxAttempts`` at most.

``ec2lite.Client`` has better ones: ``wait_until_stopped`` and the like look sooner, say which
instance is stuck, and know a deadline.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ec2lite.boto3 import exceptions
from ec2lite.boto3.exceptions import ClientError, kind

if TYPE_CHECKING:
    from collections.abc import Callable

_STATE: Final = "Reservations[].Instances[].State.Name"
_NOT_FOUND: Final = "InvalidInstanceID.NotFound"


@frozen
class WaiterModel:
    """What a waiter looks at, and what ends it.

    All values at ``path`` are to be ``wanted``; one of ``failures`` is the end. Until then an
    instance may be not found, where ``is_retried`` says so.
    """

    name: str
    method: str
    path: str
    wanted: str
    failures: tuple[str, ...] = ()
    is_retried: bool = False
    delay: float = 15


WAITS: Final = {
    "instance_exists": WaiterModel(
        "InstanceExists", "describe_instances", "Reservations[]", "", is_retried=True, delay=5
    ),
    "instance_running": WaiterModel(
        "InstanceRunning",
        "describe_instances",
        _STATE,
        "running",
        ("shutting-down", "terminated", "stopping"),
        is_retried=True,
    ),
    "instance_status_ok": WaiterModel(
        "InstanceStatusOk",
        "describe_instance_status",
        "InstanceStatuses[].InstanceStatus.Status",
        "ok",
        is_retried=True,
    ),
    "instance_stopped": WaiterModel(
        "InstanceStopped", "describe_instances", _STATE, "stopped", ("pending", "terminated")
    ),
    "instance_terminated": WaiterModel(
        "InstanceTerminated", "describe_instances", _STATE, "terminated", ("pending", "stopping")
    ),
    "system_status_ok": WaiterModel(
        "SystemStatusOk",
        "describe_instance_status",
        "InstanceStatuses[].SystemStatus.Status",
        "ok",
    ),
}
MAX_ATTEMPTS: Final = 40
_RETRIED: Final = f". Previously accepted state: Matched expected service error code: {_NOT_FOUND}"


class Waiter:
    """Waits for instances."""

    def __init__(self, wait: WaiterModel, describe: Callable[..., dict[str, Any]]) -> None:
        self._wait = wait
        self._describe = describe
        self.name: str = wait.name

    def wait(self, **kwargs: Any) -> None:  # noqa: ANN401 - the describing method's arguments
        """Wait; ``WaiterConfig`` may have Delay (seconds) and MaxAttempts.

        Raises ``WaiterError`` after that, and where waiting is of no use.
        """
        config: dict[str, Any] = kwargs.pop("WaiterConfig", None) or {}
        delay: float = config.get("Delay", self._wait.delay)
        most: int = config.get("MaxAttempts", MAX_ATTEMPTS)
        retried, attempt = "", 0
        while True:
            attempt += 1
            response = self._look(kwargs)
            if "Error" in response:
                retried = _RETRIED
            else:
                found = values(response, self._wait.path)
                if self._is_reached(found):
                    return
                self._check(found, response)
            if attempt >= most:
                raise self._error(f"Max attempts exceeded{retried}", response)
            time.sleep(delay)

    def _look(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return what there is, or the response of an error that is waited out."""
        try:
            return self._describe(**kwargs)
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if self._wait.is_retried and code == _NOT_FOUND:
                return error.response
            raise self._error(f"An error occurred ({code}): {message}", error.response) from error

    def _is_reached(self, found: list[Any]) -> bool:
        if not self._wait.wanted:
            return bool(found)
        return bool(found) and all(each == self._wait.wanted for each in found)

    def _check(self, found: list[Any], response: dict[str, Any]) -> None:
        for failure in self._wait.failures:
            if failure in found:
                raise self._error(
                    "Waiter encountered a terminal failure state: For expression "
                    f'"{self._wait.path}" we matched expected path: "{failure}" at least once',
                    response,
                )

    def _error(self, reason: str, response: dict[str, Any]) -> exceptions.WaiterError:
        return kind(exceptions.WaiterError)(self.name, reason, response)


def values(response: dict[str, Any], path: str) -> list[Any]:
    """Return what is at a path such as ``Reservations[].Instances[].State.Name``."""
    found: list[Any] = [response]
    for step in path.split("."):
        key = step.removesuffix("[]")
        found = [each[key] for each in found if key in each]
        if key != step:
            found = [item for each in found for item in each]
    return found
