"""A client's methods look as if they had been written by hand."""

from __future__ import annotations

import asyncio
import inspect
from unittest import mock

import pytest
from attrs import field, frozen

import ec2lite
from ec2lite.methods import LateModule, async_method, late, method
from ec2lite.operations.stop_instances import StopInstances, StopInstancesResult

BOTH = pytest.mark.parametrize("client", [ec2lite.Client, ec2lite.AsyncClient])
SIGNATURE = (
    "(self, /, instance_ids: 'str | Iterable[str]', *, hibernate: 'bool | None' = None, "
    "force: 'bool | None' = None, skip_os_shutdown: 'bool | None' = None, "
    "dry_run: 'bool | None' = None) -> ec2lite.operations.stop_instances.StopInstancesResult"
)


@frozen
class HTTPPing(ec2lite.Operation[int]):
    """Ask for a number."""

    number: int = field(converter=int)

    def form_pairs(self):
        """Return the parameters."""
        return []

    def parse(self, root, metadata):
        """Read the answer."""
        return self.number


@BOTH
def test_signature(client):
    """A method has the parameters of its request, and returns the request's result."""
    assert SIGNATURE == str(inspect.signature(client.stop_instances))
    assert StopInstancesResult is client.stop_instances.__annotations__["return"]
    assert "bool | None" == client.stop_instances.__annotations__["force"]


@BOTH
def test_help(client):
    """``help`` shows the name, the place and the meaning."""
    made = client.stop_instances

    assert ("stop_instances", "ec2lite.client") == (made.__name__, made.__module__)
    assert f"{client.__name__}.stop_instances" == made.__qualname__
    assert StopInstances.__doc__ == made.__doc__


def test_colours():
    """One of the two is a coroutine function, as frameworks ask."""
    assert not inspect.iscoroutinefunction(ec2lite.Client.stop_instances)
    assert inspect.iscoroutinefunction(ec2lite.AsyncClient.stop_instances)


@BOTH
def test_autospec(client):
    """A mock that is made after a client refuses what the client would."""
    fake = mock.create_autospec(client, instance=True)
    with pytest.raises(TypeError, match="hibernation"):
        fake.stop_instances("i-1", hibernation=True)


def test_subclass():
    """A subclass may send its requests another way; its methods go that way too."""

    class Echo(ec2lite.Client):
        def send(self, request):
            return request

    with Echo("eu-west-1") as ec2:
        assert StopInstances(["i-1"], force=True) == ec2.stop_instances("i-1", force=True)


def test_async_subclass():
    """So may a subclass of the client that awaits."""

    class Echo(ec2lite.AsyncClient):
        async def send(self, request):
            return request

    async def stop():
        async with Echo("eu-west-1") as ec2:
            return await ec2.stop_instances("i-1", force=True)

    assert StopInstances(["i-1"], force=True) == asyncio.run(stop())


@pytest.mark.parametrize(("make", "owner"), [(method, "Client"), (async_method, "AsyncClient")])
def test_names_of_classes(make, owner):
    """A class's name becomes a method's, also with several capitals in a row."""
    made = make(HTTPPing)

    assert "http_ping" == made.__name__
    assert f"{owner}.http_ping" == made.__qualname__
    assert "ec2lite.client" == made.__module__
    assert "Ask for a number." == made.__doc__
    assert "(self, /, number) -> int" == str(inspect.signature(made))
    assert {"return": int} == made.__annotations__


def test_annotations():
    """A method's annotations are its request's; a result that is imported late is named."""
    made = method(ec2lite.DescribeInstanceAttribute)

    assert {
        "instance_id": "str",
        "attribute": "str",
        "dry_run": "bool | None",
        "return": "DescribeInstanceAttributeResult",
    } == made.__annotations__


def test_sent_by_a_method():
    """A method sends what the class makes of its arguments, and returns what comes back."""
    client = mock.Mock()

    assert client.send.return_value is method(StopInstances)(client, ["i-1"], force=True)
    client.send.assert_called_once_with(StopInstances("i-1", force=True))


def test_sent_by_an_async_method():
    """So does one that is awaited."""
    client = mock.AsyncMock()

    answer = asyncio.run(async_method(StopInstances)(client, ["i-1"], force=True))

    assert client.send.return_value is answer
    client.send.assert_awaited_once_with(StopInstances("i-1", force=True))


def test_late():
    """A method is made when it is first asked for, once, and then is a function as any other."""
    made = []

    def make():
        made.append(method(StopInstances))
        return made[-1]

    class Client:
        stop = late(make)
        start = late(make)

    class Heir(Client):
        pass

    assert [] == made
    assert Heir.stop is Client.stop is made[0] is vars(Client)["stop"]
    assert Client is type(Client().start.__self__)
    assert 2 == len(made)
    assert "stop" not in vars(Heir)


def test_late_module():
    """A module that is imported late gives its names, and no others."""
    module = LateModule("ec2lite.operations.stop_instances")

    assert StopInstances is module.StopInstances
    with pytest.raises(AttributeError, match="nonsense"):
        _ = module.nonsense
