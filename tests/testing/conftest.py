"""Fakes, and clients of every colour on them."""

from __future__ import annotations

import contextlib

import pytest

from ec2lite.testing import FakeEC2


@pytest.fixture
def fake():
    """Return a fake EC2."""
    return FakeEC2()


@pytest.fixture
def ec2(fake):
    """Return a client on it."""
    with fake.client() as client:
        yield client


@pytest.fixture
def coloured(colour):
    """Return what opens a client of each colour on a fake."""

    @contextlib.contextmanager
    def open_client(fake, **more):
        given = {"credentials": fake.credentials, "clock": fake.clock, **more}
        transport = fake.async_transport if colour.is_async else fake.transport
        with colour.client(fake.region, transport=transport, **given) as client:
            yield client

    return open_client
