"""What a request tells of the instances that it is about."""

from __future__ import annotations

import pytest
from attrs import frozen

from ec2lite.protocol.operation import Operation, strays


@frozen
class Ping(Operation[list[str]]):
    """An action that names no instances; its result is ids."""

    action = "Ping"

    def form_pairs(self):
        """Return no parameters."""
        return []

    def parse(self, root, metadata):
        """Return nothing."""
        return []


@frozen
class Look(Ping):
    """An action about several instances."""

    instance_ids: tuple[str, ...] | None

    def answered_ids(self, result):
        """Return the result."""
        return result


@frozen
class LookOnce(Ping):
    """An action about one instance."""

    instance_id: str

    def answered_ids(self, result):
        """Return the result."""
        return result


@pytest.mark.parametrize(
    ("request_", "expected"),
    [(Ping(), None), (Look(None), None), (Look(("a", "b")), ("a", "b")), (LookOnce("a"), ("a",))],
)
def test_asked_ids(request_, expected):
    """A request tells which instances it names, by either name; None is that it names none."""
    assert expected == request_.asked_ids()


@pytest.mark.parametrize(
    ("request_", "result", "expected"),
    [
        (Ping(), ["a"], []),
        (Look(None), ["a"], []),
        (Look(("a",)), ["a", None, "A", " a\n"], []),
        (Look(("A\N{LATIN SMALL LETTER SHARP S}",)), ["aSS"], []),
        (Look(("a",)), ["c", "a", "b", "b"], ["b", "c"]),
        (LookOnce("a"), ["a", "b"], ["b"]),
        (LookOnce("a"), [], []),
    ],
)
def test_strays(request_, result, expected):
    """Ids that were not asked for are found, each once; case, space and None do not count."""
    assert expected == strays(request_, result)


def test_unknown_operations_answer_for_nothing():
    """An operation that does not tell which ids its result names is not judged."""
    assert () == Ping().answered_ids(["a"])
