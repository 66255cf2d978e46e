"""What an action has that answers in pages: which ids go into one call, and what comes next.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Self, TypeVar

from ec2lite import checks
from ec2lite.errors import ConfigError, ResponseError
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from attrs import Attribute

    from ec2lite.operations.filters import Filters

R = TypeVar("R")
T = TypeVar("T")

LARGEST_PAGE: Final = 1000
SMALLEST_PAGE: Final = 5


def optional_ids(ids: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """Return ids once each, in their order; None where none are meant. (An attrs converter.)."""
    return None if ids is None else checks.instance_ids(ids)


def is_bool(instance: object, attribute: Attribute[bool], value: object) -> None:
    """Refuse what is not a bool. (An attrs validator.)."""
    del instance
    checks.instance(attribute.name, value, bool, "True or False")


def is_page_size(instance: object, attribute: Attribute[int | None], value: object) -> None:
    """Refuse what EC2 does not take for MaxResults. (An attrs validator.)."""
    del instance
    if value is not None:
        checks.whole(attribute.name, value, SMALLEST_PAGE, LARGEST_PAGE)


class Paged(Operation[R], Generic[R, T]):
    """A request that is answered in pages: ``R`` is the class of a page, ``T`` that of its items.

    ``Client.send`` sends it once, and returns one page. ``page_size`` is sent as ``MaxResults``,
    and never together with ids, which EC2 refuses.
    """

    __slots__ = ()

    most_ids: ClassVar[int]
    """How many ids one call takes; more are asked for in several calls."""

    # Fields of the subclasses, which are attrs classes.
    instance_ids: tuple[str, ...] | None
    filters: Filters | None
    all_instances: bool
    page_size: int | None
    next_token: str | None

    def __attrs_post_init__(self) -> None:
        if self.instance_ids is None and self.filters is None and not self.all_instances:
            raise ConfigError(
                f"{self.action} must be given instance_ids, filters or all_instances=True,"
                " not nothing"
            )
        if self.instance_ids is None:
            return
        if self.all_instances:
            raise checks.wrong("all_instances", "False where instance_ids are given", "True")
        if self.page_size is not None:
            raise checks.wrong(
                "page_size", "None where instance_ids are given", f"{self.page_size}"
            )

    def answered_ids(self, result: R) -> Iterable[str | None]:
        """Return the ids of the instances that a page describes."""
        return [getattr(item, "instance_id", None) for item in self.items(result)]

    @abstractmethod
    def items(self, page: R) -> Iterable[T]:
        """Return what a page holds."""

    @abstractmethod
    def token_after(self, page: R) -> str | None:
        """Return the token of the page that follows; None or an empty one for the last page."""

    def page_pairs(self) -> list[tuple[str, str]]:
        """Return the pair of the page's size, where one may be sent."""
        if self.instance_ids is not None:
            return []
        return [("MaxResults", str(self.page_size or LARGEST_PAGE))]

    def calls(self) -> Iterator[Self]:
        """Return the requests for each call's share of the ids, in order."""
        ids = self.instance_ids
        if ids is None:
            yield self
            return
        for start in range(0, len(ids), self.most_ids):
            yield self._with("instance_ids", ids[start : start + self.most_ids])

    def after(self, page: R, followed: set[str]) -> Self | None:
        """Return the request for the page after this one, or None after the last one.

        A page may be short or empty without being the last. ``followed`` collects the tokens of a
        call: one that comes again would do so for ever, and is a ``ResponseError``.
        """
        token = self.token_after(page)
        if not token:
            return None
        if token in followed:
            error = ResponseError("the token of the next page is that of an earlier one")
            error.operation, error.status_code = self.action, 200
            raise error
        followed.add(token)
        return self._with("next_token", token)

    @classmethod
    def from_plain(cls, name: str, value: Any) -> Any:  # noqa: ANN401 - as Operation's
        """Return a parameter of which ``to_json`` wrote ``value``."""
        if name == "filters":
            from ec2lite.operations.filters import Filter

            return [Filter(**each) for each in value]
        return super().from_plain(name, value)

    def _with(self, name: str, value: object) -> Self:
        # Not attrs.evolve: the arguments were checked when the request was made.
        changed = copy.copy(self)
        object.__setattr__(changed, name, value)
        return changed
