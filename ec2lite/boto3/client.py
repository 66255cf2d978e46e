"""boto3's EC2 client: the same methods, arguments, dicts and errors, sent by ec2lite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from ec2lite.boto3 import exceptions
from ec2lite.boto3.exceptions import kind
from ec2lite.boto3.missing import missing
from ec2lite.boto3.pages import PAGED, Paginator
from ec2lite.boto3.parameters import ACTIONS, request_for
from ec2lite.boto3.translation import translated
from ec2lite.boto3.waits import WAITS, Waiter
from ec2lite.errors import EC2Error

if TYPE_CHECKING:
    from types import TracebackType

    from ec2lite.client import Client


_METHODS: Final = (*ACTIONS, "get_waiter", "get_paginator", "can_paginate")


class Meta:
    """What a client is for."""

    def __init__(self, region_name: str, endpoint_url: str) -> None:
        self.region_name: str = region_name
        self.endpoint_url: str = endpoint_url


class EC2:
    """The methods of boto3's EC2 client that ec2lite has. Arguments are given by name, as there."""

    exceptions: Any = exceptions

    def __init__(self, made: Client, region: str) -> None:
        self._made = made
        self.meta: Meta = Meta(region, made.endpoint_url or "")
        self.waiter_names: list[str] = list(WAITS)

    def __getattr__(self, name: str) -> NoReturn:
        raise missing(f"{type(self).__name__!r} object", name, _METHODS)

    def stop_instances(self, *args: object, **kwargs: object) -> dict[str, Any]:
        """Stop instances: InstanceIds, Hibernate, SkipOsShutdown, DryRun, Force."""
        return self._call("stop_instances", args, kwargs)

    def start_instances(self, *args: object, **kwargs: object) -> dict[str, Any]:
        """Start instances: InstanceIds, AdditionalInfo, DryRun."""
        return self._call("start_instances", args, kwargs)

    def reboot_instances(self, *args: object, **kwargs: object) -> dict[str, Any]:
        """Reboot instances: InstanceIds, DryRun."""
        return self._call("reboot_instances", args, kwargs)

    def terminate_instances(self, *args: object, **kwargs: object) -> dict[str, Any]:
        """Terminate instances: InstanceIds, Force, SkipOsShutdown, DryRun."""
        return self._call("terminate_instances", args, kwargs)

    def describe_instances(self, *args: object, **kwargs: object) -> dict[str, Any]:
        """Describe instances, all if neither ids nor filters are given; one page."""
        return self._call("describe_instances", args, kwargs)

    def describe_instance_status(self, *args: object, **kwargs: object) -> dict[str, Any]:
        """Describe the status of instances, of all if neither ids nor filters are given."""
        return self._call("describe_instance_status", args, kwargs)

    def modify_instance_attribute(self, *args: object, **kwargs: object) -> dict[str, Any]:
        """Change one attribute of an instance, such as ``DisableApiStop={"Value": True}``."""
        return self._call("modify_instance_attribute", args, kwargs)

    def describe_instance_attribute(self, *args: object, **kwargs: object) -> dict[str, Any]:
        """Describe one attribute of an instance: InstanceId, Attribute, DryRun."""
        return self._call("describe_instance_attribute", args, kwargs)

    def can_paginate(self, operation_name: str) -> bool:
        """Whether a method is answered in pages."""
        return operation_name in PAGED

    def get_paginator(self, operation_name: str) -> Paginator:
        """Return what iterates over the pages of a method."""
        if operation_name not in PAGED:
            raise kind(exceptions.OperationNotPageableError)(operation_name=operation_name)
        return Paginator(getattr(self, operation_name), PAGED[operation_name])

    def get_waiter(self, waiter_name: str) -> Waiter:
        """Return what waits, by boto3's rules: ``instance_stopped`` and so on."""
        if waiter_name not in WAITS:
            raise ValueError(
                f"Waiter does not exist: {waiter_name} (ec2lite has {', '.join(WAITS)};"
                " for others use boto3)"
            )
        wait = WAITS[waiter_name]
        return Waiter(wait, getattr(self, wait.method))

    def close(self) -> None:
        """Close the connections."""
        self._made.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _call(
        self, name: str, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> dict[str, Any]:
        if args:
            raise TypeError(f"{name}() only accepts keyword arguments.")
        request = request_for(name, kwargs)
        try:
            result: dict[str, Any] = self._made.send(request).to_dict()
        except EC2Error as error:
            raise translated(error, request.action, self.meta.endpoint_url) from error
        return result
