"""What a client is told: boto3's ``config=``, as ec2lite has it."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from ec2lite.boto3 import exceptions
from ec2lite.boto3.exceptions import kind
from ec2lite.engine.adaptive import AdaptiveRetry
from ec2lite.engine.context import Timeout
from ec2lite.engine.retry import StandardRetry


@frozen(kw_only=True)
class Config:
    """The options of ``botocore.config.Config`` that ec2lite has; that class itself serves, too.

    ``connect_timeout`` and ``read_timeout`` are seconds, ``retries`` a dict of ``mode``,
    ``max_attempts`` (repetitions) or ``total_max_attempts``.
    """

    region_name: str | None = None
    connect_timeout: float | None = 60
    read_timeout: float | None = 60
    retries: dict[str, Any] | None = None
    max_pool_connections: int = 10
    user_agent_extra: str | None = None
    use_fips_endpoint: bool | None = None
    use_dualstack_endpoint: bool | None = None


# What a program would miss without noticing: requests would go another way, or under another name.
_REFUSED: Final = {
    "proxies": "set HTTPS_PROXY, or use boto3",
    "proxies_config": "use boto3",
    "client_cert": "use boto3",
}


def client_options(config: Any) -> dict[str, Any]:  # noqa: ANN401 - ours or botocore's
    """Return the arguments for ``ec2lite.Client`` that a config stands for."""
    if config is None:
        return {}
    for name, instead in _REFUSED.items():
        if getattr(config, name, None):
            raise kind(exceptions.InvalidConfigError)(
                error_msg=f"config must have no {name}, which ec2lite does not have: {instead}"
            )
    options: dict[str, Any] = {
        "timeout": Timeout(
            connect=getattr(config, "connect_timeout", 60),
            read=getattr(config, "read_timeout", 60),
            # boto3 has no limit for a call with its retries.
            total=None,
        ),
        "user_agent_extra": getattr(config, "user_agent_extra", None),
        "use_fips": getattr(config, "use_fips_endpoint", None),
        "use_dualstack": getattr(config, "use_dualstack_endpoint", None),
    }
    retries: dict[str, Any] = getattr(config, "retries", None) or {}
    retry = _retry(retries)
    return options if retry is None else {**options, "retry": retry}


def _retry(retries: dict[str, Any]) -> StandardRetry | AdaptiveRetry | None:
    if not retries:
        return None
    policy = AdaptiveRetry if retries.get("mode") == "adaptive" else StandardRetry
    total = retries.get("total_max_attempts")
    if total is None and "max_attempts" in retries:
        total = retries["max_attempts"] + 1
    return policy() if total is None else policy(max_attempts=total)
