"""What conftest.py keeps the tests from."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
@pytest.mark.parametrize("address", ["192.0.2.1", "169.254.169.254"])
def test_no_connections(method, address):
    """A connection beyond this machine fails the test that opens it."""
    with socket.socket() as opened, pytest.raises(AssertionError, match=address):
        getattr(opened, method)((address, 80))


def test_no_names():
    """So does the look-up of a name; one that RFC 6761 reserves is simply not there."""
    with pytest.raises(AssertionError, match=r"looked up ec2\.amazonaws\.com"):
        socket.getaddrinfo("ec2.amazonaws.com", 443)
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nobody.invalid", 443)


def test_loopback():
    """This machine itself may be reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()


def test_no_settings():
    """Neither the environment nor the home directory says anything of AWS or proxies."""
    about_aws = [name for name in os.environ if name.startswith("AWS_")]

    assert [] == about_aws
    assert [] == [name for name in os.environ if name.lower().endswith("_proxy")]
    assert [] == list(Path.home().iterdir())
