"""How the command line signs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ec2lite import Credentials
from ec2lite.cli.main import main
from ec2lite.signing.botocore_signer import BotocoreSigner

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    import pytest

    from service import Service

    Process = Callable[..., subprocess.CompletedProcess[str]]


def test_signature_is_botocores(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command sends the signature that botocore makes of the same request, token included."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert 0 == main(["stop", "i-1234567890abcdef0", "--force"])
    [(headers, body)] = service.requests
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    own = {"x-amz-date", "x-amz-security-token"}

    signed = BotocoreSigner().sign(
        method="POST",
        url=f"{service.url}/",
        headers={name: headers[name] for name in names if name not in own},
        body=body,
        credentials=Credentials("AKIAIOSFODNN7EXAMPLE", "secret", "token"),
        region="eu-west-1",
        service="ec2",
        now=datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
    )

    assert own < set(names)
    assert signed == {name: headers[name] for name in signed}


def test_no_botocore(service: Service, process: Process) -> None:
    """A command does not import botocore, which would take a fifth of its time."""
    code = (
        "import sys; from ec2lite.cli.main import main; code = main(['stop', 'i-1']); "
        "print([name for name in sys.modules if name.startswith('botocore')]); sys.exit(code)"
    )

    done = process("-c", code)

    assert (0, "[]") == (done.returncode, done.stdout.splitlines()[-1])
