"""Where the command line finds its EC2, and how it is run as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ec2lite
import service as services
from ec2lite.cli.demonstration import IMAGE, RunInstances

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service import Service


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Point the environment at an EC2 of one answer."""
    with services.serve() as service:
        use(monkeypatch, service.url)
        yield service


@pytest.fixture
def instances(monkeypatch: pytest.MonkeyPatch, moto: str) -> tuple[str, ...]:
    """Point the environment at moto's EC2, and return the ids of two instances that run there."""
    use(monkeypatch, moto)
    with ec2lite.Client() as ec2:
        return ec2.send(RunInstances(IMAGE, 2))


def use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Say in the environment where EC2 is, and who asks."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


@pytest.fixture
def process() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs Python with this ec2lite, installed or not."""
    where = str(Path(ec2lite.__file__).parent.parent)

    def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        return subprocess.run(
            [sys.executable, *arguments],
            env={**environ, "PYTHONPATH": where},
            text=True,
            timeout=60,
            check=False,
            **{"capture_output": True, **options},  # type: ignore[call-overload] # told by the caller
        )

    return run
