"""How the public names are used, for type checkers: this file is checked, and never run."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, assert_type

import httpx
from attrs import frozen

import ec2lite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ec2lite.protocol.xml import Element


ESCALATION = ec2lite.Escalation(600, data_loss_accepted=True)


def show(progress: ec2lite.Progress[ec2lite.Instance]) -> None:
    """Use what a wait tells."""
    assert_type(progress.waiting["i-1"], str)
    assert_type(progress.reached["i-1"], ec2lite.Instance)
    assert_type(progress.stuck["i-1"], ec2lite.Instance | None)
    assert_type(progress.elapsed + progress.remaining, float)


def sync(request: ec2lite.StopInstances) -> None:
    """Use a client that blocks."""
    with ec2lite.Client("eu-west-1") as ec2:
        assert_type(ec2, ec2lite.Client)
        assert_type(ec2.stop_instances("i-1"), ec2lite.StopInstancesResult)
        ec2.stop_instances({"i-1"}, hibernate=True, force=None, skip_os_shutdown=False)
        assert_type(ec2.start_instances(["i-1"]), ec2lite.StartInstancesResult)
        assert_type(ec2.reboot_instances("i-1", dry_run=None), ec2lite.RebootInstancesResult)
        assert_type(ec2.terminate_instances(iter(["i-1"])), ec2lite.TerminateInstancesResult)
        assert_type(
            ec2.modify_instance_attribute("i-1", disable_api_stop=False, user_data=b""),
            ec2lite.ModifyInstanceAttributeResult,
        )
        assert_type(
            ec2.describe_instance_attribute("i-1", "disableApiStop"),
            ec2lite.DescribeInstanceAttributeResult,
        )
        assert_type(ec2.send(request), ec2lite.StopInstancesResult)
        assert_type(ec2.dry_run(request), ec2lite.DryRunResult)
        for instance in ec2.describe_instances(filters={"tag:env": ["dev"]}, page_size=50):
            assert_type(instance, ec2lite.Instance)
            ec2.stop_instances([instance.instance_id])
        for page in ec2.describe_instances("i-1", include_managed_resources=True).pages():
            assert_type(page, ec2lite.DescribeInstancesResult)
        for status in ec2.describe_instance_status(include_all_instances=True, all_instances=True):
            assert_type(status, ec2lite.InstanceStatus)
        assert_type(ec2.send(ec2lite.DescribeInstances(["i-1"])), ec2lite.DescribeInstancesResult)
        assert_type(
            ec2.wait_until_stopped("i-1", timeout=60, on_progress=show, escalate=ESCALATION),
            dict[str, ec2lite.Instance],
        )
        assert_type(ec2.wait_until_running(["i-1"]), dict[str, ec2lite.Instance])
        assert_type(ec2.wait_until_status_ok({"i-1"}), dict[str, ec2lite.InstanceStatus])
        assert_type(ec2.send(Ping()), int)
        assert_type((ec2.region, ec2.credentials_provider), tuple[str | None, str | None])
        assert_type(ec2.with_options(timeout=5, retry=ec2lite.NoRetry()), ec2lite.Client)
    assert_type(ec2.close(), None)


async def asynchronous(request: ec2lite.StopInstances) -> None:
    """Use a client that awaits."""
    async with ec2lite.AsyncClient(region="eu-west-1") as ec2:
        assert_type(ec2, ec2lite.AsyncClient)
        assert_type(await ec2.stop_instances(["i-1"]), ec2lite.StopInstancesResult)
        await ec2.stop_instances(("i-1",), dry_run=True)
        assert_type(await ec2.start_instances(["i-1"]), ec2lite.StartInstancesResult)
        assert_type(await ec2.reboot_instances("i-1"), ec2lite.RebootInstancesResult)
        assert_type(await ec2.terminate_instances("i-1"), ec2lite.TerminateInstancesResult)
        assert_type(
            await ec2.modify_instance_attribute("i-1", groups=["sg-1"]),
            ec2lite.ModifyInstanceAttributeResult,
        )
        assert_type(
            await ec2.describe_instance_attribute("i-1", attribute="userData"),
            ec2lite.DescribeInstanceAttributeResult,
        )
        assert_type(await ec2.send(request), ec2lite.StopInstancesResult)
        assert_type(await ec2.dry_run(request), ec2lite.DryRunResult)
        async for instance in ec2.describe_instances(filters=[ec2lite.Filter("vpc-id", "vpc-1")]):
            assert_type(instance, ec2lite.Instance)
        async for page in ec2.describe_instance_status(["i-1"]).pages():
            assert_type(page, ec2lite.DescribeInstanceStatusResult)
        assert_type(
            await ec2.wait_until_terminated("i-1", on_progress=show), dict[str, ec2lite.Instance]
        )
        assert_type(await ec2.wait_until_status_ok("i-1"), dict[str, ec2lite.InstanceStatus])
        assert_type(await ec2.send(Ping()), int)
        assert_type(ec2.with_options(credentials=None), ec2lite.AsyncClient)
    assert_type(await ec2.close(), None)


def clients() -> None:
    """Pass every argument."""
    ec2lite.Client(
        "eu-west-1",
        profile="work",
        credentials=ec2lite.Credentials("AKID", "secret", session_token=None),
        endpoint_url="http://localhost:5000",
        use_fips=False,
        use_dualstack=None,
        retry=ec2lite.StandardRetry(max_attempts=5),
        timeout=ec2lite.Timeout(connect=1, read=None),
        transport=httpx.HTTPTransport(),
        signer=NoSigner(),
        user_agent_extra="app/1",
        clock=datetime.now,
    )
    ec2lite.AsyncClient(retry=ec2lite.NoRetry(), timeout=5, transport=httpx.AsyncHTTPTransport())
    ec2lite.Client(retry=ec2lite.AdaptiveRetry(), timeout=0.5)
    # The transports are not to be mixed up.
    ec2lite.Client(transport=httpx.AsyncHTTPTransport())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - the point


def results(result: ec2lite.StopInstancesResult) -> None:
    """Read a result."""
    assert_type(result.stopping_instances, tuple[ec2lite.InstanceStateChange, ...])
    change = result.stopping_instances[0]
    assert_type(change.instance_id, str)
    assert_type(change.current_state, ec2lite.InstanceState)
    assert_type(change.previous_state.code, int)
    assert_type(change.previous_state.raw_code, int)
    assert_type(change.previous_state.name, str)
    metadata = result.response_metadata
    assert_type(metadata.request_id, str | None)
    assert_type(metadata.attempts, int)
    assert_type(metadata.earlier_failures, tuple[ec2lite.EC2Error, ...])
    assert_type(result.to_dict(), dict[str, Any])


def other_results(
    started: ec2lite.StartInstancesResult,
    ended: ec2lite.TerminateInstancesResult,
    attribute: ec2lite.DescribeInstanceAttributeResult,
) -> None:
    """Read the results of StopInstances' neighbours."""
    assert_type(started.starting_instances, tuple[ec2lite.InstanceStateChange, ...])
    assert_type(ended.terminating_instances[0].current_state.name, str)
    assert_type(attribute.disable_api_stop, bool | None)
    assert_type(attribute.user_data, str | None)
    assert_type(attribute.block_device_mappings[0].device_name, str | None)


def denied(error: ec2lite.UnauthorizedOperation, strange: ec2lite.ResponseError) -> None:
    """Read what some errors carry."""
    assert_type(error.encoded_message, str | None)
    assert_type(strange.result, object)


def wrong_calls(ec2: ec2lite.Client) -> None:
    """Pass what no method takes: an ignore that is not needed is an error, too."""
    ec2.stop_instances(7)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - the mistake
    ec2.stop_instances("i-1", True)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] - the mistake
    ec2.stop_instances("i-1", frce=True)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] - the mistake
    ec2.describe_instance_attribute("i-1")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] - the mistake


def instances(instance: ec2lite.Instance, status: ec2lite.InstanceStatus) -> None:
    """Read what is described."""
    assert_type(instance.instance_id, str)
    assert_type(instance.tags, dict[str, str])
    assert_type(instance.launch_time, datetime | None)
    assert_type(instance.hibernated, bool | None)
    assert_type(instance.raw, bytes)
    if instance.state is not None and instance.placement is not None:
        assert_type(instance.state.name, str)
        assert_type(instance.state.code, int)
        assert_type(instance.placement.availability_zone, str | None)
    for interface in instance.network_interfaces:
        assert_type(interface.mac_address, str | None)
    for event in status.events:
        assert_type(event.not_before, datetime | None)


def failures(ec2: ec2lite.Client) -> None:
    """Catch what can go wrong."""
    try:
        ec2.stop_instances(["i-1"])
    except ec2lite.InstanceNotFound as error:
        assert_type(error.code, str)
        assert_type(error.request_id, str | None)
        assert_type(error.errors, tuple[tuple[str, str], ...])
    except ec2lite.TransportError as error:
        assert_type(error.is_timeout, bool)
        assert_type(error.maybe_sent, bool)
    except ec2lite.ResponseError as error:
        assert_type(error.body, bytes)
    except ec2lite.CredentialsError as error:
        assert_type(error.failures, tuple[tuple[str, str], ...])
    except ec2lite.EC2Error as error:
        assert_type(error.operation, str | None)
        assert_type(error.is_retryable, bool)


def without_a_client(now: datetime) -> None:
    """Build a request and read an answer by hand."""
    request = ec2lite.StopInstances(["i-1"], force=True)
    endpoint = ec2lite.resolve_endpoint("eu-west-1", use_dualstack=True)
    assert_type(endpoint, ec2lite.Endpoint)
    credentials = ec2lite.Credentials("AKID", "secret")
    built = ec2lite.build_request(request, endpoint=endpoint, credentials=credentials, now=now)
    assert_type(built, httpx.Request)
    result = ec2lite.parse_response(request, status_code=200, headers={}, body=b"")
    assert_type(result, ec2lite.StopInstancesResult)


def submodules() -> None:
    """Reach the submodules that are public through the package."""
    profiles = ec2lite.config.parse_profiles("[default]", None)
    assert_type(profiles, ec2lite.config.Profiles)
    assert_type(ec2lite.errors.BY_CODE, dict[str, type[ec2lite.ServiceError]])


def mistakes() -> None:
    """Misspell a public name: an ignore that is not needed is an error, too."""
    ec2lite.Clientt  # type: ignore[attr-defined] # noqa: B018 # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnusedExpression] - the mistake


@frozen
class Ping(ec2lite.Operation[int]):
    """An action that ec2lite does not know."""

    action = "Ping"

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return the parameters."""
        return []

    def parse(self, root: Element, metadata: ec2lite.ResponseMetadata) -> int:
        """Read the answer."""
        return metadata.status_code


class NoSigner:
    """A signer of the caller's."""

    def sign(
        self,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        credentials: ec2lite.Credentials,
        region: str,
        service: str,
        now: datetime,
    ) -> dict[str, str]:
        """Return the headers to add."""
        return {"x-signed-by": credentials.access_key_id}


signer: ec2lite.Signer = NoSigner()
