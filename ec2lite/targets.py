"""Where work on many instances is to be done, and what became of it.

A target is an account, a Region, and which instances there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from attrs import asdict, field, fields, frozen

from ec2lite import checks
from ec2lite.bulk.outcome import BatchResult, error_from, error_members
from ec2lite.errors import ConfigError, EC2Error
from ec2lite.models import Credentials
from ec2lite.operations.filters import Filter, Filters, instance_filters
from ec2lite.operations.paging import optional_ids

if TYPE_CHECKING:
    from collections.abc import Callable


def _credentials(name: str, value: object) -> Credentials:
    """Check that a value is credentials."""
    return checks.instance(name, value, Credentials, "ec2lite.Credentials")


_TEXT: Final = checks.optional(checks.text)


@frozen
class Target:
    """Instances of one account and Region, to be stopped or started together.

    - ``region``: such as ``"eu-west-1"``.
    - ``instance_ids``, or ``filters`` as ``describe_instances`` takes them; not both.
    - ``max_instances``: with filters, the fuse: where more instances match, whatever their state,
      nothing is changed. What ``filters`` select has to be spelled out; nothing means all.
    - ``role_arn``: a role to assume first, with ``external_id`` and ``role_session_name`` if the
      account asks for them. It is assumed once, and again only when its session has ended.
    - ``credentials``: those of the account; else the ones of all targets. With a role they are what
      it is assumed with.

    A wrong argument is a ``ConfigError``. A target pickles and becomes JSON, unless it holds
    ``credentials``: then it refuses both.
    """

    region: str = field(validator=checks.validator(checks.region))
    instance_ids: tuple[str, ...] | None = field(default=None, converter=optional_ids, kw_only=True)
    filters: Filters | None = field(default=None, converter=instance_filters, kw_only=True)
    max_instances: int | None = field(
        default=None, kw_only=True, validator=checks.optional(checks.whole)
    )
    role_arn: str | None = field(default=None, kw_only=True, validator=_TEXT)
    external_id: str | None = field(default=None, kw_only=True, repr=False, validator=_TEXT)
    role_session_name: str | None = field(default=None, kw_only=True, validator=_TEXT)
    credentials: Credentials | None = field(
        default=None, kw_only=True, repr=False, validator=checks.optional(_credentials)
    )

    def __attrs_post_init__(self) -> None:
        if (self.instance_ids is None) == (self.filters is None):
            found = "neither" if self.filters is None else "both"
            raise ConfigError(f"a target must have instance_ids or filters, not {found}")
        if (self.filters is None) != (self.max_instances is None):
            needed = "None where instance_ids are given" if self.filters is None else "a number"
            raise checks.wrong("max_instances", needed, repr(self.max_instances))
        if self.role_arn is None and (self.external_id or self.role_session_name):
            raise ConfigError("role_arn must be given with external_id and role_session_name")

    def to_dict(self) -> dict[str, Any]:
        """Return what is given, as JSON can hold it; a ``ConfigError`` if there are credentials."""
        if self.credentials is not None:
            raise checks.wrong("credentials", "None in a target that leaves the process", "a key")
        given = {each.name: getattr(self, each.name) for each in fields(type(self))}
        members = {name: value for name, value in given.items() if value is not None}
        if self.filters is not None:
            members["filters"] = [asdict(each) for each in self.filters]
        return members

    @classmethod
    def from_dict(cls, members: object) -> Target:
        """Return what ``to_dict`` returned; a ``ConfigError`` if it did not.

        ``filters`` may be a dict of names and values, too.
        """
        if not isinstance(members, dict):
            raise checks.wrong("a target", "a JSON object", checks.kind(members))
        given: dict[str, Any] = dict(members)  # pyright: ignore[reportUnknownArgumentType] - JSON
        if others := given.keys() - {each.name for each in fields(cls)}:
            raise ConfigError(f"a target must not have {', '.join(sorted(others))}")
        listed = given.get("filters")
        try:
            if isinstance(listed, list):
                given["filters"] = [Filter(**each) for each in cast("list[dict[str, Any]]", listed)]
            return cls(**given)
        except TypeError:
            raise ConfigError(
                "a target must have a region, and filters a name and values each"
            ) from None

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Target:
        """Return what ``to_json`` wrote; a ``ConfigError`` if it did not."""
        try:
            members = json.loads(text)
        except (ValueError, TypeError, RecursionError):
            raise checks.wrong("text", "what to_json() returned", "something else") from None
        return cls.from_dict(members)

    def __reduce__(self) -> tuple[Callable[[object], Target], tuple[dict[str, Any]]]:
        if self.credentials is not None:
            _refuse()
        return Target.from_dict, (self.to_dict(),)


@frozen
class TargetResult:
    """What became of a target.

    ``result`` has the outcomes, and is None where none is known. ``error`` is what ended the work
    before each instance had its outcome: credentials, the network, too many matches of a filter.
    """

    target: Target
    result: BatchResult | None
    error: EC2Error | None = None

    def to_json(self) -> str:
        """Return it as JSON; a ``ConfigError`` if the target holds credentials."""
        result = None if self.result is None else json.loads(self.result.to_json())
        error = None if self.error is None else error_members(self.error)
        return json.dumps({"target": self.target.to_dict(), "result": result, "error": error})

    @classmethod
    def from_json(cls, text: str) -> TargetResult:
        """Return what ``to_json`` wrote; a ``ConfigError`` if it did not."""
        try:
            said = json.loads(text)
            target, result, error = said["target"], said["result"], said["error"]
            read = None if result is None else BatchResult.from_json(json.dumps(result))
            known = None if error is None else error_from(error)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise checks.wrong("text", "what to_json() returned", "something else") from None
        return cls(Target.from_dict(target), read, known)


def _refuse() -> NoReturn:
    raise TypeError("a Target that holds credentials cannot be pickled: give it a role_arn instead")
