"""A minimal, protocol-level Python SDK for the life of EC2 instances.

>>> import ec2lite
>>> with ec2lite.Client(region="eu-west-1") as ec2:  # doctest: +SKIP
...     result = ec2.stop_instances(["i-1234567890abcdef0"])

The names below are imported when they are first used, so that ``import ec2lite`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ec2lite._version import __version__ as __version__

if TYPE_CHECKING:
    from ec2lite import boto3 as boto3
    from ec2lite import config as config
    from ec2lite import errors as errors
    from ec2lite import events as events
    from ec2lite import telemetry as telemetry
    from ec2lite.auth import SigV4Auth
    from ec2lite.bulk.outcome import BatchResult, Outcome, OutcomeKind
    from ec2lite.bulk.pacing import Bucket, NoPacing, Pacing
    from ec2lite.bulk.plan import Plan
    from ec2lite.bulk.progress import BatchProgress
    from ec2lite.client import AsyncClient, Client
    from ec2lite.config.endpoints import resolve_endpoint
    from ec2lite.credentials.resolve import aresolve_credentials, resolve_credentials
    from ec2lite.credentials.sts.decode_authorization_message import (
        DecodeAuthorizationMessage,
        DecodeAuthorizationMessageResult,
    )
    from ec2lite.credentials.sts.get_caller_identity import (
        GetCallerIdentity,
        GetCallerIdentityResult,
    )
    from ec2lite.engine.adaptive import AdaptiveRetry
    from ec2lite.engine.context import Timeout
    from ec2lite.engine.dry_run import DryRunResult
    from ec2lite.engine.pages import AsyncListing, Listing
    from ec2lite.engine.retry import NoRetry, StandardRetry
    from ec2lite.errors import (
        AuthFailure,
        BatchError,
        ConfigError,
        CredentialsError,
        DryRunOperation,
        EC2Error,
        IncorrectInstanceState,
        InstanceIdMalformed,
        InstanceNotFound,
        InsufficientInstanceCapacity,
        OperationNotPermitted,
        RequestExpired,
        RequestLimitExceeded,
        ResponseError,
        ServiceError,
        TransportError,
        UnauthorizedOperation,
        UnsupportedOperation,
        WaiterError,
    )
    from ec2lite.everywhere import (
        astart_everywhere,
        astop_everywhere,
        start_everywhere,
        stop_everywhere,
    )
    from ec2lite.explanations.request import Explanation, explain
    from ec2lite.models import (
        Credentials,
        Endpoint,
        ResponseMetadata,
    )
    from ec2lite.operations.describe_instance_attribute import DescribeInstanceAttribute
    from ec2lite.operations.describe_instance_status import DescribeInstanceStatus
    from ec2lite.operations.describe_instances import DescribeInstances
    from ec2lite.operations.filters import Filter, UnknownFilterWarning
    from ec2lite.operations.instance import Instance
    from ec2lite.operations.instance_attributes import DescribeInstanceAttributeResult
    from ec2lite.operations.instance_status import DescribeInstanceStatusResult, InstanceStatus
    from ec2lite.operations.modify_instance_attribute import (
        InstanceBlockDeviceMappingSpecification,
        ModifyInstanceAttribute,
        ModifyInstanceAttributeResult,
    )
    from ec2lite.operations.reboot_instances import RebootInstances, RebootInstancesResult
    from ec2lite.operations.reservations import DescribeInstancesResult, Reservation
    from ec2lite.operations.shapes import InstanceState, InstanceStateChange
    from ec2lite.operations.start_instances import StartInstances, StartInstancesResult
    from ec2lite.operations.stop_instances import StopInstances, StopInstancesResult
    from ec2lite.operations.terminate_instances import TerminateInstances, TerminateInstancesResult
    from ec2lite.protocol.operation import Operation
    from ec2lite.protocol.request import build_request
    from ec2lite.protocol.response import parse_response
    from ec2lite.signing.signer import Signer
    from ec2lite.signing.sigv4 import SigV4
    from ec2lite.targets import Target, TargetResult
    from ec2lite.transports.fast import AsyncFastTransport, FastTransport
    from ec2lite.waiting.progress import Escalation, Progress

__all__ = [
    "AdaptiveRetry",
    "AsyncClient",
    "AsyncFastTransport",
    "AsyncListing",
    "AuthFailure",
    "BatchError",
    "BatchProgress",
    "BatchResult",
    "Bucket",
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
    "FastTransport",
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
    "NoPacing",
    "NoRetry",
    "Operation",
    "OperationNotPermitted",
    "Outcome",
    "OutcomeKind",
    "Pacing",
    "Plan",
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
    "Target",
    "TargetResult",
    "TerminateInstances",
    "TerminateInstancesResult",
    "Timeout",
    "TransportError",
    "UnauthorizedOperation",
    "UnknownFilterWarning",
    "UnsupportedOperation",
    "WaiterError",
    "aresolve_credentials",
    "astart_everywhere",
    "astop_everywhere",
    "build_request",
    "explain",
    "parse_response",
    "resolve_credentials",
    "resolve_endpoint",
    "start_everywhere",
    "stop_everywhere",
]

# Where each name lives. A test holds this table, the imports above and __all__ equal.
_HOMES = {
    "AdaptiveRetry": "engine.adaptive",
    "AsyncClient": "client",
    "AsyncFastTransport": "transports.fast",
    "AsyncListing": "engine.pages",
    "AuthFailure": "errors",
    "BatchError": "errors",
    "BatchProgress": "bulk.progress",
    "BatchResult": "bulk.outcome",
    "Bucket": "bulk.pacing",
    "Client": "client",
    "ConfigError": "errors",
    "Credentials": "models",
    "CredentialsError": "errors",
    "DecodeAuthorizationMessage": "credentials.sts.decode_authorization_message",
    "DecodeAuthorizationMessageResult": "credentials.sts.decode_authorization_message",
    "DescribeInstanceAttribute": "operations.describe_instance_attribute",
    "DescribeInstanceAttributeResult": "operations.instance_attributes",
    "DescribeInstanceStatus": "operations.describe_instance_status",
    "DescribeInstanceStatusResult": "operations.instance_status",
    "DescribeInstances": "operations.describe_instances",
    "DescribeInstancesResult": "operations.reservations",
    "DryRunOperation": "errors",
    "DryRunResult": "engine.dry_run",
    "EC2Error": "errors",
    "Endpoint": "models",
    "Escalation": "waiting.progress",
    "Explanation": "explanations.request",
    "FastTransport": "transports.fast",
    "Filter": "operations.filters",
    "GetCallerIdentity": "credentials.sts.get_caller_identity",
    "GetCallerIdentityResult": "credentials.sts.get_caller_identity",
    "IncorrectInstanceState": "errors",
    "Instance": "operations.instance",
    "InstanceBlockDeviceMappingSpecification": "operations.modify_instance_attribute",
    "InstanceIdMalformed": "errors",
    "InstanceNotFound": "errors",
    "InstanceState": "operations.shapes",
    "InstanceStateChange": "operations.shapes",
    "InstanceStatus": "operations.instance_status",
    "InsufficientInstanceCapacity": "errors",
    "Listing": "engine.pages",
    "ModifyInstanceAttribute": "operations.modify_instance_attribute",
    "ModifyInstanceAttributeResult": "operations.modify_instance_attribute",
    "NoPacing": "bulk.pacing",
    "NoRetry": "engine.retry",
    "Operation": "protocol.operation",
    "OperationNotPermitted": "errors",
    "Outcome": "bulk.outcome",
    "OutcomeKind": "bulk.outcome",
    "Pacing": "bulk.pacing",
    "Plan": "bulk.plan",
    "Progress": "waiting.progress",
    "RebootInstances": "operations.reboot_instances",
    "RebootInstancesResult": "operations.reboot_instances",
    "RequestExpired": "errors",
    "RequestLimitExceeded": "errors",
    "Reservation": "operations.reservations",
    "ResponseError": "errors",
    "ResponseMetadata": "models",
    "ServiceError": "errors",
    "SigV4": "signing.sigv4",
    "SigV4Auth": "auth",
    "Signer": "signing.signer",
    "StandardRetry": "engine.retry",
    "StartInstances": "operations.start_instances",
    "StartInstancesResult": "operations.start_instances",
    "StopInstances": "operations.stop_instances",
    "StopInstancesResult": "operations.stop_instances",
    "Target": "targets",
    "TargetResult": "targets",
    "TerminateInstances": "operations.terminate_instances",
    "TerminateInstancesResult": "operations.terminate_instances",
    "Timeout": "engine.context",
    "TransportError": "errors",
    "UnauthorizedOperation": "errors",
    "UnknownFilterWarning": "operations.filters",
    "UnsupportedOperation": "errors",
    "WaiterError": "errors",
    "aresolve_credentials": "credentials.resolve",
    "astart_everywhere": "everywhere",
    "astop_everywhere": "everywhere",
    "build_request": "protocol.request",
    "explain": "explanations.request",
    "parse_response": "protocol.response",
    "resolve_credentials": "credentials.resolve",
    "resolve_endpoint": "config.endpoints",
    "start_everywhere": "everywhere",
    "stop_everywhere": "everywhere",
}


# Type checkers know the names from above; seeing this, they would take any other for an object.
if not TYPE_CHECKING:  # pragma: no branch - TYPE_CHECKING is False when running

    def __getattr__(name: str) -> object:
        """Import a public name on its first use (PEP 562)."""
        if name in {"boto3", "config", "errors", "events", "telemetry"}:
            return importlib.import_module(f"{__name__}.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
        value: object = getattr(module, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
