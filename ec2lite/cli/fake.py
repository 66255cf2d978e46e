"""``ec2lite fake``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ec2lite.cli import output
from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from ec2lite.models import Credentials

_LAST_PORT: Final = 65535
_MOST: Final = 100_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where it listens, and what it has."""
    parser.add_argument("--port", type=int, default=0, metavar="N", help="by default any free port")
    parser.add_argument(
        "--instances",
        type=int,
        default=3,
        metavar="N",
        help="how many are running at the start; default: 3",
    )
    parser.add_argument(
        "--region", default="us-east-1", metavar="NAME", help="us-east-1 by default"
    )
    parser.add_argument(
        "--speed",
        type=float,
        default=1.0,
        metavar="N",
        help="how many times faster than AWS's its instances change state",
    )


def run(args: argparse.Namespace) -> int:
    """Serve a fake EC2 until it is interrupted."""
    import threading

    from ec2lite import checks
    from ec2lite.testing import FakeEC2, RealClock

    checks.whole("--port", args.port, least=0, most=_LAST_PORT)
    checks.whole("--instances", args.instances, least=0, most=_MOST)
    fake = FakeEC2(region=args.region, clock=RealClock(speed=args.speed))
    ids = fake.run_instances(args.instances) if args.instances else []
    try:
        with fake.serve(port=args.port) as url:
            output.say(_instructions(url, fake.region, fake.credentials, ids))
            threading.Event().wait()
    except OSError as error:
        raise ConfigError(f"cannot listen on port {args.port}: {error.strerror}") from None
    except KeyboardInterrupt:
        output.say("The fake EC2 has stopped.")
    return output.DONE


def _instructions(url: str, region: str, credentials: Credentials, ids: list[str]) -> str:
    """Return what a shell needs to point programs at a fake."""
    return "\n".join(
        [
            f"A fake EC2 listens on {url} until it is interrupted. Point programs at it:",
            "",
            f"export AWS_ENDPOINT_URL={url}",
            f"export AWS_REGION={region}",
            f"export AWS_ACCESS_KEY_ID={credentials.access_key_id}",
            f"export AWS_SECRET_ACCESS_KEY={credentials.secret_access_key}",
            "",
            f"It has {len(ids)} instances, which run:",
            *ids,
        ]
    )
