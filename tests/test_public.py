"""What other people's programs rely on."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import api
import ec2lite

NAMES = [
    "AdaptiveRetry",
    "AsyncClient",
    "AsyncListing",
    "AuthFailure",
    "Client",
    "ConfigError",
    "Credentials",
    "CredentialsError",
    "DecodeAuthorizationMessage",
    "DecodeAuthorizationMessageResult",
    "DescribeInstanceAttribute",
    "DescribeInstanceAttributeResult",
    "DescribeInstanceStatus",
    "DescribeInstanceStatusResult",
    "DescribeInstances",
    "DescribeInstancesResult",
    "DryRunOperation",
    "DryRunResult",
    "EC2Error",
    "Endpoint",
    "Escalation",
    "Explanation",
    "Filter",
    "GetCallerIdentity",
    "GetCallerIdentityResult",
    "IncorrectInstanceState",
    "Instance",
    "InstanceBlockDeviceMappingSpecification",
    "InstanceIdMalformed",
    "InstanceNotFound",
    "InstanceState",
    "InstanceStateChange",
    "InstanceStatus",
    "InsufficientInstanceCapacity",
    "Listing",
    "ModifyInstanceAttribute",
    "ModifyInstanceAttributeResult",
    "NoRetry",
    "Operation",
    "OperationNotPermitted",
    "Progress",
    "RebootInstances",
    "RebootInstancesResult",
    "RequestExpired",
    "RequestLimitExceeded",
    "Reservation",
    "ResponseError",
    "ResponseMetadata",
    "ServiceError",
    "SigV4",
    "SigV4Auth",
    "Signer",
    "StandardRetry",
    "StartInstances",
    "StartInstancesResult",
    "StopInstances",
    "StopInstancesResult",
    "TerminateInstances",
    "TerminateInstancesResult",
    "Timeout",
    "TransportError",
    "UnauthorizedOperation",
    "UnknownFilterWarning",
    "UnsupportedOperation",
    "WaiterError",
    "aresolve_credentials",
    "build_request",
    "explain",
    "parse_response",
    "resolve_credentials",
    "resolve_endpoint",
]
FLAGS = "*, hibernate=None, force=None, skip_os_shutdown=None, dry_run=None"
ATTRIBUTES = (
    "disable_api_stop=None, disable_api_termination=None, instance_type=None, "
    "instance_initiated_shutdown_behavior=None, user_data=None, source_dest_check=None, "
    "ebs_optimized=None, ena_support=None, sriov_net_support=None, kernel=None, ramdisk=None, "
    "groups=None, block_device_mappings=None, enclave_options=None, attribute=None, value=None, "
    "dry_run=None"
)
DESCRIBE = (
    "instance_ids=None, *, filters=None, include_managed_resources=None, all_instances=False, "
    "page_size=None, next_token=None, dry_run=None"
)
DESCRIBE_STATUS = (
    "instance_ids=None, *, filters=None, include_all_instances=None, "
    "include_managed_resources=None, all_instances=False, page_size=None, next_token=None, "
    "dry_run=None"
)
ESCALATION = "force_after=None, skip_os_shutdown_after=None, *, data_loss_accepted=False"
WAIT = "instance_ids, *, timeout=1800.0, on_progress=None, escalate=None"
CLIENT = (
    "region=None, *, profile=None, credentials=None, endpoint_url=None, use_fips=None, "
    "use_dualstack=None, retry=None, timeout=None, transport=None, signer=None, "
    "user_agent_extra=None, clock=None, mfa_token=None, correct_clock_skew=True, "
    "max_response_size=67108864, on_event=None, pacing=None"
)


def imported_for_type_checkers():
    """Return the home of each name that the package imports under TYPE_CHECKING."""
    tree = ast.parse(Path(ec2lite.__file__).read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and is_for_checkers(node)]
    return {
        alias.name: node.module.removeprefix("ec2lite.")
        for node in block.body
        for alias in node.names
        if node.module != "ec2lite"
    }


def is_for_checkers(node):
    """Say whether a block is for type checkers."""
    return ast.unparse(node.test) == "TYPE_CHECKING"


def test_names():
    """A public name is never lost."""
    assert set(NAMES) <= set(ec2lite.__all__)


def test_one_table():
    """The table of names, the imports that type checkers see and ``__all__`` are the same."""
    assert ec2lite._HOMES == imported_for_type_checkers()
    assert sorted(ec2lite._HOMES) == ec2lite.__all__


def test_sorted():
    """The public names are in order, and ``dir`` shows them."""
    assert sorted(ec2lite.__all__) == ec2lite.__all__
    assert set(ec2lite.__all__) <= set(dir(ec2lite))


@pytest.mark.parametrize("name", ec2lite.__all__)
def test_documented(name):
    """Each public name is there, under its own name, and says what it is."""
    value = getattr(ec2lite, name)

    assert name == value.__name__
    assert inspect.getdoc(value)
    assert value.__doc__ is not None


@pytest.mark.parametrize("name", ec2lite.__all__)
def test_members_documented(name):
    """So do the public methods and properties of each."""
    members = vars(getattr(ec2lite, name)).items()

    bare = [
        member
        for member, value in members
        if not member.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, property))
        and not value.__doc__
    ]

    assert [] == bare


@pytest.mark.parametrize("name", ["config", "errors"])
def test_modules(name):
    """Two modules are attributes of the package without being imported first."""
    assert importlib.import_module(f"ec2lite.{name}") is getattr(ec2lite, name)
    assert importlib.import_module(f"ec2lite.{name}") is ec2lite.__getattr__(name)


def test_other_names():
    """A name that is not public is missed as in any module."""
    with pytest.raises(AttributeError, match=r"^module 'ec2lite' has no attribute 'nothing'$"):
        ec2lite.nothing  # noqa: B018 - the access is the point


def test_looked_up_once():
    """A public name is looked up once, and then an ordinary attribute."""
    vars(ec2lite).pop("Client", None)
    first = ec2lite.Client

    assert first is vars(ec2lite)["Client"]


def parameters(function):
    """Return a signature without annotations and ``self``."""
    kept = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in inspect.signature(function).parameters.values()
        if each.name != "self"
    ]
    return str(inspect.Signature(kept))[1:-1]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (ec2lite.Client, CLIENT),
        (ec2lite.AsyncClient, CLIENT),
        (ec2lite.Client.stop_instances, f"instance_ids, {FLAGS}"),
        (
            ec2lite.Client.start_instances,
            "instance_ids, *, additional_info=None, dry_run=None",
        ),
        (ec2lite.Client.reboot_instances, "instance_ids, *, dry_run=None"),
        (
            ec2lite.Client.terminate_instances,
            "instance_ids, *, force=None, skip_os_shutdown=None, dry_run=None",
        ),
        (
            ec2lite.Client.describe_instance_attribute,
            "instance_id, attribute, *, dry_run=None",
        ),
        (ec2lite.Client.modify_instance_attribute, f"instance_id, *, {ATTRIBUTES}"),
        (ec2lite.Client.describe_instances, DESCRIBE),
        (ec2lite.AsyncClient.describe_instances, DESCRIBE),
        (ec2lite.Client.describe_instance_status, DESCRIBE_STATUS),
        (ec2lite.AsyncClient.describe_instance_status, DESCRIBE_STATUS),
        (ec2lite.Client.wait_until_running, WAIT),
        (ec2lite.Client.wait_until_stopped, WAIT),
        (ec2lite.Client.wait_until_terminated, WAIT),
        (ec2lite.AsyncClient.wait_until_status_ok, WAIT),
        (ec2lite.Escalation, ESCALATION),
        (ec2lite.Client.send, "request"),
        (ec2lite.Client.dry_run, "request"),
        (ec2lite.Client.close, ""),
        (ec2lite.StopInstances, f"instance_ids, {FLAGS}"),
        (
            ec2lite.Credentials,
            "access_key_id, secret_access_key, session_token=None, expiration=None, "
            "account_id=None",
        ),
        (ec2lite.Timeout, "connect=3.1, read=60.0, total=150.0"),
        (
            ec2lite.SigV4Auth,
            "service, region=None, *, credentials=None, profile=None, clock=None, signer=None, "
            "unsigned_payload=False, mfa_token=None, correct_clock_skew=True",
        ),
        (ec2lite.explain, "request, *, endpoint, credentials, now, show_secrets=False"),
        (ec2lite.build_request, "request, *, endpoint, credentials, now, signer=None"),
        (ec2lite.parse_response, "request, *, status_code, headers, body"),
        (
            ec2lite.resolve_endpoint,
            "region, *, service='ec2', use_fips=False, use_dualstack=False, endpoint_url=None",
        ),
        (
            ec2lite.Signer.sign,
            "*, method, url, headers, body, credentials, region, service, now",
        ),
    ],
)
def test_signatures(function, expected):
    """The parameters that people's programs pass have these names, in this order."""
    assert expected == parameters(function)


def test_public_names_and_signatures_are_those_of_the_snapshot() -> None:
    """What is public changes only together with tests/data/api.txt: python tests/api.py --write."""
    expected, actual = api.SNAPSHOT.read_text("utf-8").splitlines(), list(api.lines())
    gone, new = sorted(set(expected) - set(actual)), sorted(set(actual) - set(expected))
    assert ([], []) == (gone, new), "if this is meant, run: python tests/api.py --write"
