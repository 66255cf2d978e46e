"""The fixture that docs/testing.md shows."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import ec2lite.testing

PAGE = Path(__file__).parent.parent.parent / "docs" / "testing.md"


def test_the_fixture_works():
    """The five lines give a test a fake and a client, on which waits take no time."""
    page = PAGE.read_text("utf-8")
    (fixture,) = re.findall(r"```python\n(@pytest.fixture\n.*?)```", page, re.DOTALL)
    assert 5 == len(fixture.splitlines())
    names = {"pytest": Undecorated, "FakeEC2": ec2lite.testing.FakeEC2}
    exec(fixture, names)

    with contextlib.contextmanager(names["ec2"])() as (fake, client):
        ids = fake.run_instances(2)
        client.stop_instances(ids)
        assert set(ids) == set(client.wait_until_stopped(ids))


class Undecorated:
    """Stands for pytest, whose fixtures cannot be called."""

    @staticmethod
    def fixture(function):
        return function
