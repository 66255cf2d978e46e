"""AWS's partitions, in the order in which a Region is looked for in them.

Generated from botocore's data by ``python tests/generate_partitions.py``: change nothing here.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Partition(NamedTuple):
    """A partition: a set of Regions with accounts and host names of their own.

    ``pattern`` matches its Regions, known and future; ``extra_regions`` are those that it does not
    match. ``suffix`` ends its host names, ``dualstack_suffix`` those that speak IPv6 too, and
    ``signin_suffix`` those of AWS Sign-In. ``global_region`` is where its global services are.
    """

    name: str
    pattern: str
    suffix: str
    dualstack_suffix: str
    signin_suffix: str
    global_region: str
    supports_fips: bool
    supports_dualstack: bool
    extra_regions: tuple[str, ...]


PARTITIONS: Final[tuple[Partition, ...]] = (
    Partition(
        name="aws",
        pattern=r"^(us|eu|ap|sa|ca|me|af|il|mx)\-\w+\-\d+$",
        suffix="amazonaws.com",
        dualstack_suffix="api.aws",
        signin_suffix="aws.amazon.com",
        global_region="us-east-1",
        supports_fips=True,
        supports_dualstack=True,
        extra_regions=("aws-global",),
    ),
    Partition(
        name="aws-cn",
        pattern=r"^cn\-\w+\-\d+$",
        suffix="amazonaws.com.cn",
        dualstack_suffix="api.amazonwebservices.com.cn",
        signin_suffix="amazonaws.cn",
        global_region="cn-northwest-1",
        supports_fips=True,
        supports_dualstack=True,
        extra_regions=("aws-cn-global",),
    ),
    Partition(
        name="aws-eusc",
        pattern=r"^eusc\-(de)\-\w+\-\d+$",
        suffix="amazonaws.eu",
        dualstack_suffix="api.amazonwebservices.eu",
        signin_suffix="amazonaws-eusc.eu",
        global_region="eusc-de-east-1",
        supports_fips=True,
        supports_dualstack=True,
        extra_regions=(),
    ),
    Partition(
        name="aws-iso",
        pattern=r"^us\-iso\-\w+\-\d+$",
        suffix="c2s.ic.gov",
        dualstack_suffix="api.aws.ic.gov",
        signin_suffix="c2shome.ic.gov",
        global_region="us-iso-east-1",
        supports_fips=True,
        supports_dualstack=True,
        extra_regions=("aws-iso-global",),
    ),
    Partition(
        name="aws-iso-b",
        pattern=r"^us\-isob\-\w+\-\d+$",
        suffix="sc2s.sgov.gov",
        dualstack_suffix="api.aws.scloud",
        signin_suffix="sc2shome.sgov.gov",
        global_region="us-isob-east-1",
        supports_fips=True,
        supports_dualstack=True,
        extra_regions=("aws-iso-b-global",),
    ),
    Partition(
        name="aws-iso-e",
        pattern=r"^eu\-isoe\-\w+\-\d+$",
        suffix="cloud.adc-e.uk",
        dualstack_suffix="api.cloud-aws.adc-e.uk",
        signin_suffix="csphome.adc-e.uk",
        global_region="eu-isoe-west-1",
        supports_fips=True,
        supports_dualstack=True,
        extra_regions=("aws-iso-e-global",),
    ),
    Partition(
        name="aws-iso-f",
        pattern=r"^us\-isof\-\w+\-\d+$",
        suffix="csp.hci.ic.gov",
        dualstack_suffix="api.aws.hci.ic.gov",
        signin_suffix="csphome.hci.ic.gov",
        global_region="us-isof-south-1",
        supports_fips=True,
        supports_dualstack=True,
        extra_regions=("aws-iso-f-global",),
    ),
    Partition(
        name="aws-us-gov",
        pattern=r"^us\-gov\-\w+\-\d+$",
        suffix="amazonaws.com",
        dualstack_suffix="api.aws",
        signin_suffix="amazonaws-us-gov.com",
        global_region="us-gov-west-1",
        supports_fips=True,
        supports_dualstack=True,
        extra_regions=("aws-us-gov-global",),
    ),
)
