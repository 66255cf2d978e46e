"""A fake EC2 over real HTTP."""

from __future__ import annotations

import socket
import threading

import httpx
import pytest

import ec2lite
from ec2lite.testing import FakeEC2


def test_it_is_served(fake, colour):
    """A client in another process would find the same instances behind the URL."""
    (instance_id,) = fake.run_instances()
    with (
        fake.serve() as url,
        colour.client(fake.region, credentials=fake.credentials, endpoint_url=url) as ec2,
    ):
        ec2.stop_instances(instance_id)
        fake.advance(30)
        (instance,) = ec2.describe_instances(instance_id)

    assert "stopped" == instance.state.name
    assert ["StopInstances", "DescribeInstances"] == [each.action for each in fake.calls]


def test_signatures_are_of_the_real_time(fake):
    """However far its clock has moved, a served fake takes signatures of the machine's time."""
    fake.advance(86_400)
    with (
        fake.serve() as url,
        ec2lite.Client(fake.region, credentials=fake.credentials, endpoint_url=url) as ec2,
    ):
        list(ec2.describe_instances(all_instances=True))
        wrong = ec2lite.Credentials(fake.credentials.access_key_id, "wrong")
        with pytest.raises(ec2lite.AuthFailure):
            ec2.with_options(credentials=wrong).reboot_instances("i-12345678")

    assert ["ok", "AuthFailure"] == [each.outcome for each in fake.calls]


def test_connections_are_cut(fake):
    """A connection that is cut is a reset for the client, which then tries again."""
    (instance_id,) = fake.run_instances()
    fake.reset_next("StopInstances")
    with (
        fake.serve() as url,
        ec2lite.Client(fake.region, credentials=fake.credentials, endpoint_url=url) as ec2,
    ):
        result = ec2.stop_instances(instance_id)

    assert 2 == result.response_metadata.attempts
    assert ["reset", "ok"] == [each.outcome for each in fake.calls]


def test_it_ends_with_the_block(fake):
    """After the block nobody listens, and no thread and no connection is left."""
    before = set(threading.enumerate())
    with fake.serve() as url:
        port = int(url.rpartition(":")[2])
        # A connection that says nothing, and one that is kept open.
        idle = socket.create_connection(("127.0.0.1", port))
        client = ec2lite.Client(fake.region, credentials=fake.credentials, endpoint_url=url)
        list(client.describe_instances(all_instances=True))
    client.close()
    idle.close()

    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("method", "length", "status"),
    [("GET", None, 501), ("POST", None, 411), ("POST", "x", 411), ("POST", "99999999", 411)],
)
def test_other_requests(fake, method, length, status):
    """A request that is no form of a known length is refused."""
    with fake.serve() as url, socket.create_connection(("127.0.0.1", httpx.URL(url).port)) as tcp:
        header = "" if length is None else f"content-length: {length}\r\n"
        tcp.sendall(f"{method} / HTTP/1.1\r\nhost: h\r\n{header}\r\n".encode())
        answer = tcp.recv(100)

    assert answer.startswith(f"HTTP/1.1 {status}".encode())


def test_a_client_that_goes_away(fake):
    """A client that goes away in the middle of a request disturbs nobody."""
    with fake.serve() as url:
        with socket.create_connection(("127.0.0.1", httpx.URL(url).port)) as tcp:
            tcp.sendall(b"POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nAct")
        with ec2lite.Client(fake.region, credentials=fake.credentials, endpoint_url=url) as ec2:
            assert [] == list(ec2.describe_instances(all_instances=True))


def test_many_at_once():
    """Several threads are answered side by side, each completely."""
    fake = FakeEC2(quotas={})
    ids = fake.run_instances(8)
    with (
        fake.serve() as url,
        ec2lite.Client(fake.region, credentials=fake.credentials, endpoint_url=url) as ec2,
    ):
        threads = [threading.Thread(target=ec2.stop_instances, args=(each,)) for each in ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert {"ok"} == {each.outcome for each in fake.calls}
    assert 8 == len(fake.calls)
