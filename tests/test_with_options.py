"""A view of a client: other options, the same connections."""

from __future__ import annotations

import os
import threading

import httpx
import pytest

import ec2lite
import samples
from colours import InLoop
from ec2lite.errors import ConfigError, TransportError
from samples import KEYS, NamingSigner

OTHERS = ec2lite.Credentials("ANOTHERKEY", "secret")
FAST = ec2lite.StandardRetry(dice=lambda: 0.0)


class Service:
    """Answers, or breaks as many connections as it is told to, and keeps the requests."""

    def __init__(self):
        self.requests = []
        self.trouble = 0

    def __call__(self, request):
        self.requests.append(request)
        if self.trouble:
            self.trouble -= 1
            raise httpx.ReadError("reset")
        return httpx.Response(200, content=samples.stopped(request.content))

    @property
    def keys(self):
        """The access keys that signed."""
        return [request.headers["authorization"] for request in self.requests]


@pytest.fixture
def service():
    """Return a service."""
    return Service()


def open_client(colour, service, **others):
    """Return a client of the service."""
    given = {"credentials": KEYS, "retry": FAST, "signer": NamingSigner(), **others}
    return colour.client("eu-west-1", transport=httpx.MockTransport(service), **given)


def view_of(ec2, **options):
    """Return a view of a client of the tests, which blocks in every colour."""
    view = ec2.with_options(**options)
    return InLoop(view, ec2._portal) if isinstance(ec2, InLoop) else view


def test_timeout(colour, service):
    """A view has another time limit, and the client keeps its own."""
    with open_client(colour, service, timeout=60) as ec2:
        view_of(ec2, timeout=5).stop_instances("i-1")
        view_of(ec2, timeout=ec2lite.Timeout(read=2)).stop_instances("i-1")
        ec2.stop_instances("i-1")

    reads = [request.extensions["timeout"]["read"] for request in service.requests]
    assert reads[0] <= 5 < reads[2] <= 60
    assert 2 == reads[1]


def test_retry(colour, service):
    """A view has retries of its own; what it spends is not the client's."""
    with open_client(colour, service) as ec2:
        service.trouble = 1
        with pytest.raises(TransportError):
            view_of(ec2, retry=ec2lite.NoRetry()).stop_instances("i-1")
        service.trouble = 1
        assert 2 == ec2.stop_instances("i-1").response_metadata.attempts


def test_credentials(colour, service):
    """A view signs with other credentials."""
    with open_client(colour, service) as ec2:
        view = view_of(ec2, credentials=OTHERS)
        view.stop_instances("i-1")
        ec2.stop_instances("i-1")
        view.stop_instances("i-1")

    assert ["ANOTHERKEY", "AKIDEXAMPLE", "ANOTHERKEY"] == service.keys


def test_omitted(colour, service):
    """What is omitted is the parent's, also in a view of a view."""
    with open_client(colour, service, timeout=60) as ec2:
        view = view_of(view_of(ec2, credentials=OTHERS, retry=ec2lite.NoRetry()), timeout=5)
        service.trouble = 1
        with pytest.raises(TransportError):
            view.stop_instances("i-1")
        view_of(view).stop_instances("i-1")

    assert ["ANOTHERKEY"] * 2 == service.keys
    assert all(each.extensions["timeout"]["read"] <= 5 for each in service.requests)


def test_closing_a_view(colour, service):
    """Closing a view does nothing, to itself and to its client."""
    with open_client(colour, service) as ec2:
        view = view_of(ec2, timeout=5)
        view.close()
        view.stop_instances("i-1")
        ec2.stop_instances("i-1")

    assert 2 == len(service.requests)


@pytest.mark.parametrize("options", [{}, {"credentials": OTHERS}])
@pytest.mark.parametrize("is_used", [False, True])
def test_end_of_the_parent(colour, service, options, is_used):
    """A view ends with its client, whether it was used or not, and so does a view of it."""
    with open_client(colour, service) as ec2:
        view = view_of(view_of(ec2, **options), timeout=5)
        if is_used:
            view.stop_instances("i-1")
        ec2.close()
        with pytest.raises(ConfigError, match=r"^the client is closed$"):
            view.stop_instances("i-1")

    assert (1 if is_used else 0) == len(service.requests)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": 0}, "timeout must be a number of seconds above 0"),
        ({"retry": 3}, r"retry must be an object with start\(\), not int"),
        ({"credentials": "AKID"}, "credentials must be ec2lite.Credentials or"),
    ],
)
def test_wrong_options(colour, service, options, message):
    """A wrong option is refused by name."""
    with open_client(colour, service) as ec2, pytest.raises(ConfigError, match=f"^{message}"):
        view_of(ec2, **options)


def test_nothing_is_read():
    """Making a view reads and opens nothing."""
    with ec2lite.Client() as ec2:
        view = ec2.with_options(timeout=5)
        assert isinstance(view, ec2lite.Client)
        assert "_world" not in vars(view)


def test_first_use(service):
    """A view may make the first call; the client then uses what it has opened."""
    transport = httpx.MockTransport(service)
    given = {"credentials": KEYS, "signer": NamingSigner(), "transport": transport}
    with ec2lite.Client("eu-west-1", **given) as ec2:
        ec2.with_options(timeout=5).stop_instances("i-1")
        world = ec2._world
        ec2.stop_instances("i-1")

        assert world is ec2._world is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_fork_while_opening(service):
    """A child whose parent was just opening a client can open it."""
    transport = httpx.MockTransport(service)
    ec2 = ec2lite.Client("eu-west-1", credentials=KEYS, signer=NamingSigner(), transport=transport)
    held, done = threading.Event(), threading.Event()

    def hold():
        with ec2._lock.current:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - in a process of its own
        threading.Timer(20, os._exit, (2,)).start()
        ec2.stop_instances("i-1")
        os._exit(0)
    done.set()
    thread.join()

    assert 0 == os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
