"""Where a service is: botocore's endpoint rules, for the five services that ec2lite calls.

A Region belongs to the first partition whose pattern it matches, so Regions that do not exist yet
work too; one that matches none is looked for in the first partition, ``aws``.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
"""

from __future__ import annotations

import re
from typing import Final

from ec2lite import checks
from ec2lite.config.partitions import PARTITIONS, Partition
from ec2lite.errors import ConfigError
from ec2lite.models import Endpoint

# For each service the beginning of its host name, and the name to sign for.
_SERVICES: Final = {
    "ec2": ("ec2", "ec2"),
    "sts": ("sts", "sts"),
    "oidc": ("oidc", "sso-oauth"),
    "sso": ("portal.sso", "awsssoportal"),
    "signin": ("signin", "signin"),
}

NO_REGION: Final = (
    "no Region: pass region=, or set AWS_REGION, AWS_DEFAULT_REGION, or `region` in the profile"
)


def resolve_endpoint(
    region: str | None,
    *,
    service: str = "ec2",
    use_fips: bool = False,
    use_dualstack: bool = False,
    endpoint_url: str | None = None,
) -> Endpoint:
    """Return the endpoint of a service in a Region; its URL has no slash at the end.

    ``service`` is ``ec2``, ``sts``, ``oidc`` and ``sso`` (IAM Identity Center's tokens and portal)
    or ``signin``. ``endpoint_url`` is taken as it is, and needs a Region all the same, any name of
    one: requests are signed for it. Without a URL the Region must be one that AWS may have. A
    ``ConfigError`` says which argument is wrong, or what the partition does not have.
    """
    if service not in _SERVICES:
        raise checks.wrong("service", f"one of {', '.join(_SERVICES)}", repr(service))
    prefix, signing_name = _SERVICES[service]
    region, is_pseudo = _without_fips(check_region(region))
    if endpoint_url is not None:
        return Endpoint(_override(endpoint_url, use_fips, use_dualstack), region, signing_name)
    use_fips = use_fips or is_pseudo
    is_global = service == "sts" and region == "aws-global"
    if is_global and (use_fips or use_dualstack):
        raise ConfigError(f"{NO_REGION}; the global STS has no FIPS or dual-stack endpoint")
    partition = find_partition(region)
    if not (is_global or re.match(partition.pattern, region)):
        # Its host would not exist.
        checks.aws_region("region", region)
    _check_variants(partition, use_fips, use_dualstack)
    if service == "signin":
        host = _signin_host(region, partition, use_fips, use_dualstack)
    elif is_global:
        # The global endpoint of STS, which is older than those of the Regions.
        host, region = f"sts.{partition.suffix}", partition.global_region
    else:
        # In GovCloud the plain names are the FIPS endpoints.
        is_plain_fips = partition.name == "aws-us-gov" and not use_dualstack
        fips = "-fips" if use_fips and not is_plain_fips else ""
        suffix = partition.dualstack_suffix if use_dualstack else partition.suffix
        host = f"{prefix}{fips}.{region}.{suffix}"
    return Endpoint(f"https://{host}", region, signing_name)


def _without_fips(region: str) -> tuple[str, bool]:
    """Return the Region that a pseudo-Region means, and whether it was one.

    ``fips-us-east-1`` and ``us-east-1-fips`` are older than the setting. botocore's client rewrites
    them in the same way.
    """
    plain = region.replace("fips-", "").replace("-fips", "")
    return plain, plain != region


def find_partition(region: str) -> Partition:
    """Return the partition of a Region, known or future; the first one if no pattern matches."""
    for partition in PARTITIONS:
        if region in partition.extra_regions or re.match(partition.pattern, region):
            return partition
    return PARTITIONS[0]


def check_region(region: str | None) -> str:
    """Return a Region's name, or raise a ``ConfigError`` that says how to set one."""
    if region is None:
        raise ConfigError(NO_REGION)
    return checks.region("region", region)


def _override(url: str, use_fips: bool, use_dualstack: bool) -> str:
    if use_fips:
        raise ConfigError("use_fips must not be True together with an endpoint URL")
    if use_dualstack:
        raise ConfigError("use_dualstack must not be True together with an endpoint URL")
    return checks.url("endpoint_url", url)


def _check_variants(partition: Partition, use_fips: bool, use_dualstack: bool) -> None:
    if use_fips and not partition.supports_fips:
        raise ConfigError(f"the partition {partition.name} has no FIPS endpoints")
    if use_dualstack and not partition.supports_dualstack:
        raise ConfigError(f"the partition {partition.name} has no dual-stack endpoints")


def _signin_host(region: str, partition: Partition, use_fips: bool, use_dualstack: bool) -> str:
    """Return the host of AWS Sign-In, which has names of its own."""
    if use_dualstack:
        return f"signin{'-fips' if use_fips else ''}.{region}.{partition.dualstack_suffix}"
    if not use_fips:
        return f"{region}.signin.{partition.signin_suffix}"
    if region == "us-gov-west-1":
        return f"signin-fips.{partition.signin_suffix}"
    if partition.name == "aws-us-gov":
        return f"{region}.signin-fips.{partition.signin_suffix}"
    return f"signin-fips.{region}.{partition.suffix}"
