"""What a result is of: the action, where it was asked, by whom and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite import checks

if TYPE_CHECKING:
    from ec2lite.bulk.many import Many
    from ec2lite.bulk.outcome import BatchResult
    from ec2lite.models import Endpoint


def compare(result: BatchResult, many: Many, endpoint: Endpoint, account: str | None) -> None:
    """Record it in the result; raise ``ConfigError`` if that is of something else."""
    work = {
        "action": many.operation.action,
        "endpoint": endpoint.url,
        "region": endpoint.signing_region,
        "account": account,
        "flags": many.flags(),
    }
    before = result.work
    for name, value in work.items():
        known = before.get(name, value)
        is_unknown = name == "account" and (known is None or value is None)
        if known != value and not is_unknown:
            raise checks.wrong("resume", f"a result of {name} {value!r}", f"of {known!r}")
    before.update({**work, "account": account or before.get("account")})
