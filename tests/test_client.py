"""Both clients: one set of tests, run in each colour."""

from __future__ import annotations

import gc
import inspect
import pickle
import threading
from datetime import timedelta

import anyio
import boto3
import httpx
import pytest
import respx
from attrs import field, frozen

import ec2lite
import samples
from ec2lite.errors import (
    ConfigError,
    CredentialsError,
    DryRunOperation,
    InstanceNotFound,
    RequestLimitExceeded,
    TransportError,
)
from ec2lite.protocol import query, xml
from samples import KEYS, NOW, TEMPORARY, TOKEN, Clock, NamingSigner, fault, http_date

URL = "https://ec2.eu-west-1.amazonaws.com"
FAST = ec2lite.StandardRetry(dice=lambda: 0.0)


def stopped(request):
    """Answer as AWS's documentation does."""
    content = samples.stopped(request.content)
    return httpx.Response(200, content=content, headers={"Server": "AmazonEC2"})


class Service:
    """Answers with a list of responses, the last one forever, and keeps the requests."""

    def __init__(self, *responses):
        self.responses = list(responses) or [stopped]
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
        return answer(request) if callable(answer) else answer


def arguments(service=None, **others):
    """Return a client's arguments for a service that is no network."""
    transport = httpx.MockTransport(service or Service())
    given = {"region": "eu-west-1", "credentials": KEYS, "transport": transport, "retry": FAST}
    return given | others


@frozen
class RunInstances(ec2lite.Operation[list[str]]):
    """An action that ec2lite does not know; its result is the new instances' ids."""

    action = "RunInstances"

    count: int = field()

    def form_pairs(self):
        """Return the parameters."""
        pairs = {"ImageId": "ami-12345678", "MinCount": self.count, "MaxCount": self.count}
        return [(name, str(value)) for name, value in pairs.items()]

    def parse(self, root, metadata):
        """Read the ids."""
        items = xml.child(root, "instancesSet").iterchildren("{*}item")
        return [xml.text(item, "instanceId") for item in items]


# On the wire.


def test_bytes_on_the_wire(colour):
    """What is sent is this method, this URL, these headers and this body, and nothing else."""
    router = respx.Router()
    route = router.post(f"{URL}/").mock(side_effect=stopped)
    transport = httpx.MockTransport(router.handler)
    given = arguments(transport=transport, clock=lambda: NOW, credentials=TEMPORARY)
    with colour.client(**given, user_agent_extra="app/1") as ec2:
        ec2.stop_instances(["i-1", "VM 2"], hibernate=False, force=True)

    assert 1 == route.call_count
    request = route.calls.last.request
    body = (
        b"Action=StopInstances&Version=2016-11-15&InstanceId.1=i-1&InstanceId.2=VM%202"
        b"&Hibernate=false&Force=true"
    )
    assert ("POST", URL, body) == (request.method, str(request.url), request.read())
    headers = dict(request.headers)
    invocation = headers.pop("amz-sdk-invocation-id")
    assert 36 == len(invocation)
    signature = headers.pop("authorization").rpartition(", ")
    signed = "content-type;host;x-amz-date;x-amz-security-token"
    assert (
        "AWS4-HMAC-SHA256 Credential=ASIDEXAMPLE/20260102/eu-west-1/ec2/aws4_request, "
        f"SignedHeaders={signed}" == signature[0]
    )
    assert (
        "Signature=661f39146c5b56adc0186b3c267cc54f842d50e3d43fd058347bb334094bde22" == signature[2]
    )
    assert {
        "host": "ec2.eu-west-1.amazonaws.com",
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "content-length": str(len(body)),
        "accept-encoding": "identity",
        "user-agent": headers["user-agent"],
        "x-amz-date": "20260102T030405Z",
        "x-amz-security-token": TOKEN,
        "amz-sdk-request": "attempt=1; max=3",
    } == headers
    assert headers["user-agent"].startswith(f"ec2lite/{ec2lite.__version__} lang/python#")
    assert headers["user-agent"].endswith(" app/1")


@pytest.mark.parametrize("argument", ["hibernate", "force", "skip_os_shutdown"])
@pytest.mark.parametrize("value", [True, False, None])
def test_flags(colour, argument, value):
    """Each flag of the method is the request's of that name."""
    service = Service()
    with colour.client(**arguments(service)) as ec2:
        ec2.stop_instances("i-1", **{argument: value})

    stop = ec2lite.StopInstances("i-1", **{argument: value})
    expected = query.encode("StopInstances", "2016-11-15", stop.form_pairs())
    assert [expected] == [request.content for request in service.requests]


def test_result(colour):
    """The result has what AWS answered, and how."""
    with colour.client(**arguments()) as ec2:
        result = ec2.stop_instances(["i-1234567890abcdef0"])

    (change,) = result.stopping_instances
    assert "i-1234567890abcdef0" == change.instance_id
    assert ("running", 64) == (change.previous_state.name, change.current_state.code)
    metadata = result.response_metadata
    assert (200, 1, "AmazonEC2") == (
        metadata.status_code,
        metadata.attempts,
        metadata.headers["server"],
    )


def test_error(colour):
    """The error says what was asked, what AWS said, and what its support wants to know."""
    body = fault(("InvalidInstanceID.NotFound", "The instance ID 'i-1' does not exist"))
    with (
        colour.client(**arguments(Service(httpx.Response(400, content=body)))) as ec2,
        pytest.raises(InstanceNotFound) as caught,
    ):
        ec2.stop_instances(["i-1"])

    assert (
        "StopInstances failed: The instance ID 'i-1' does not exist "
        "(InvalidInstanceID.NotFound, request id ea966190-f9aa-478e-9ede-EXAMPLE)"
        == str(caught.value)
    )


def test_retries(colour):
    """Trouble is tried again, and the result tells of it."""
    throttled = httpx.Response(503, content=fault(("RequestLimitExceeded", "slow down")))
    service = Service(throttled, httpx.Response(500), stopped)
    with colour.client(**arguments(service)) as ec2:
        metadata = ec2.stop_instances(["i-1"]).response_metadata

    assert (3, 2) == (metadata.attempts, len(metadata.earlier_failures))
    assert RequestLimitExceeded is type(metadata.earlier_failures[0])


def test_no_retries(colour):
    """Without retries the first failure is the last."""
    service = Service(httpx.Response(500))
    with (
        colour.client(**arguments(service, retry=ec2lite.NoRetry())) as ec2,
        pytest.raises(ec2lite.ResponseError),
    ):
        ec2.stop_instances(["i-1"])

    assert 1 == len(service.requests)


def test_shared_state(colour):
    """What one call learns of the clock and spends of the quota, the next one knows."""
    expired = httpx.Response(
        400,
        content=fault(("RequestExpired", "late")),
        headers={"Date": http_date(NOW + timedelta(hours=1))},
    )
    service = Service(expired, stopped)
    with colour.client(**arguments(service, clock=Clock())) as ec2:
        ec2.stop_instances("i-1")
        ec2.stop_instances("i-1")

    expected = ["20260102T030405Z", "20260102T040405Z", "20260102T040405Z"]
    assert expected == [request.headers["x-amz-date"] for request in service.requests]


def test_time_limit(colour):
    """A number as timeout is the limit of the whole call, and reaches the transport."""
    service = Service()
    with colour.client(**arguments(service, timeout=2)) as ec2:
        ec2.stop_instances("i-1")

    timeout = service.requests[0].extensions["timeout"]
    assert all(0 < timeout[name] <= 2 for name in ("connect", "read", "write", "pool"))


def test_signer(colour):
    """A signer of the caller's replaces botocore's."""
    service = Service()
    with colour.client(**arguments(service, signer=NamingSigner())) as ec2:
        ec2.stop_instances("i-1")

    assert "AKIDEXAMPLE" == service.requests[0].headers["authorization"]


def test_send(colour):
    """``send`` carries out any request, of an operation of the caller's too."""
    body = (
        b"<RunInstancesResponse><instancesSet><item><instanceId>i-9</instanceId></item>"
        b"</instancesSet></RunInstancesResponse>"
    )
    service = Service(httpx.Response(200, content=body))
    with colour.client(**arguments(service)) as ec2:
        assert ["i-9"] == ec2.send(RunInstances(1))


def test_dry_run(colour):
    """``dry_run`` gives permission as a value."""
    service = Service(httpx.Response(412, content=fault(("DryRunOperation", "would have"))))
    with colour.client(**arguments(service)) as ec2:
        result = ec2.dry_run(ec2lite.StopInstances("i-1"))

    assert (True, "DryRunOperation", "would have") == (result.allowed, result.code, result.message)
    assert b"&DryRun=true" in service.requests[0].content


# Bad input.


@pytest.mark.parametrize("method", ["send", "dry_run"])
@pytest.mark.parametrize("wrong", ["StopInstances", ec2lite.StopInstances, None])
def test_no_request(colour, method, wrong):
    """What is no request is refused by name, and nothing is sent."""
    with (
        colour.client(**arguments(unreachable)) as ec2,
        pytest.raises(
            ConfigError, match=r"^request must be an object such as StopInstances\(\.\.\.\)"
        ),
    ):
        getattr(ec2, method)(wrong)


def unreachable(request):
    """Fail the test: something was sent."""
    raise AssertionError(request)


BAD_ARGUMENTS = [
    ({"region": "eu west"}, r"^region must be the name of a Region"),
    ({"region": ""}, r"^region must be the name of a Region"),
    ({"endpoint_url": "ftp://cloud.example"}, r"^endpoint_url must be an http:// or https:// URL"),
    ({"endpoint_url": "cloud.example:5000"}, r"^endpoint_url must be an http:// or https:// URL"),
    ({"timeout": -1}, r"^timeout must be a number of seconds above 0"),
    ({"user_agent_extra": "a\nb"}, r"^user_agent_extra must be printable ASCII"),
    ({"region": 5}, r"^region must be a string, not int"),
    ({"endpoint_url": b"https://x"}, r"^endpoint_url must be a string, not bytes"),
    ({"use_fips": "no"}, r"^use_fips must be True, False or None, not str"),
    ({"use_dualstack": 1}, r"^use_dualstack must be True, False or None, not int"),
    ({"user_agent_extra": 1}, r"^user_agent_extra must be a string, not int"),
    ({"retry": 3}, r"^retry must be an object with start\(\), not int"),
    ({"signer": "v4"}, r"^signer must be an object with sign\(\), not str"),
    ({"clock": 0}, r"^clock must be a function, not int"),
    ({"credentials": "key"}, r"^credentials must be ec2lite.Credentials or"),
    ({"mfa_token": "123456"}, r"^mfa_token must be a function, not str"),
    (
        {"retry": ec2lite.StandardRetry},
        r"^retry must be an object with start\(\), not the class StandardRetry",
    ),
    ({"signer": ec2lite.SigV4}, r"^signer must be an object with sign\(\), not the class SigV4"),
    (
        {"transport": httpx.MockTransport},
        r"^transport must be an object with handle_.*, not the class MockTransport",
    ),
    (
        {"transport": object()},
        r"^transport must be an object with handle_(async_)?request\(\), not object",
    ),
]
BAD_CALLS = [
    (([],), {}, r"^instance_ids must be at least one id, not an empty list"),
    (("",), {}, r"^instance_ids must be an id, not an empty string"),
    ((["i-1", " "],), {}, r"^instance_ids\[1\] must be an id, not a blank string"),
    ((["i-1", 2],), {}, r"^instance_ids\[1\] must be a string, not int"),
    ((["i-1\r\n"],), {}, r"^instance_ids\[0\] must be printable, not 'i-1\\r\\n'"),
    (
        (["i" * 256],),
        {},
        r"^instance_ids\[0\] must be an id of at most 255 characters, not one of 256",
    ),
    ((None,), {}, r"^instance_ids must be a list of strings, not None"),
    ((b"i-1",), {}, r"^instance_ids must be a list of strings, not bytes"),
    (("i-1",), {"hibernate": 1}, r"^hibernate must be True, False or None, not int"),
    (("i-1",), {"force": "yes"}, r"^force must be True, False or None, not str"),
    (("i-1",), {"skip_os_shutdown": 0}, r"^skip_os_shutdown must be True, False or None, not int"),
    (("i-1",), {"dry_run": []}, r"^dry_run must be True, False or None, not list"),
]


@pytest.mark.parametrize(("wrong", "message"), BAD_ARGUMENTS)
def test_bad_arguments(colour, wrong, message):
    """A wrong argument of a client is refused by name when the client is made."""
    with (
        pytest.raises(ConfigError, match=message),
        colour.client(**arguments(unreachable) | wrong),
    ):
        pass


@pytest.mark.parametrize(("args", "kwargs", "message"), BAD_CALLS)
def test_bad_calls(colour, args, kwargs, message):
    """A wrong argument of a call is refused by name, and nothing is sent."""
    with (
        colour.client(**arguments(unreachable)) as ec2,
        pytest.raises(ConfigError, match=message),
    ):
        ec2.stop_instances(*args, **kwargs)


def test_no_region(colour, monkeypatch):
    """Without a Region the call says what to set, and nothing is sent."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with (
        colour.client(**arguments(unreachable, region=None)) as ec2,
        pytest.raises(ConfigError, match=r"pass region=, or set AWS_REGION, AWS_DEFAULT_REGION"),
    ):
        ec2.stop_instances("i-1")


def test_no_credentials(colour, monkeypatch):
    """Without credentials the call says what to set, and nothing is sent."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with (
        colour.client(**arguments(unreachable, credentials=None)) as ec2,
        pytest.raises(CredentialsError, match=r"AWS_ACCESS_KEY_ID"),
    ):
        ec2.stop_instances("i-1")


def test_bad_environment(colour, monkeypatch):
    """What the environment says wrong is refused by the variable's name, on the first call."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", "nonsense")
    with (
        colour.client(**arguments(unreachable)) as ec2,
        pytest.raises(
            ConfigError, match=r"^AWS_ENDPOINT_URL_EC2 must be an http:// or https:// URL"
        ),
    ):
        ec2.stop_instances("i-1")


def test_duplicates(colour):
    """An id that is given twice is sent once, in its first place."""
    service = Service()
    with colour.client(**arguments(service)) as ec2:
        ec2.stop_instances(["i-2", "i-1", "i-2"])

    assert service.requests[0].content.endswith(b"&InstanceId.1=i-2&InstanceId.2=i-1")


# The environment.


def test_environment(colour, monkeypatch):
    """Keys, Region and endpoint may come from the environment, read on the first call."""
    service = Service()
    given = arguments(service, region=None, credentials=None, clock=lambda: NOW)
    with colour.client(**given) as ec2:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIDFROMENV")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
        monkeypatch.setenv("AWS_REGION", "ap-south-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", "http://cloud.example:8773/services/Cloud")
        ec2.stop_instances("i-1")

    (request,) = service.requests
    assert "http://cloud.example:8773/services/Cloud" == str(request.url)
    scope = "Credential=ASIDFROMENV/20260102/ap-south-1/ec2/aws4_request"
    assert scope in request.headers["authorization"]
    assert "token" == request.headers["x-amz-security-token"]


def test_nothing_is_read_early(colour, monkeypatch, tmp_path):
    """A client reads no file before its first call."""
    (tmp_path / "config").write_text("[broken")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with (
        colour.client(transport=httpx.MockTransport(unreachable)) as ec2,
        pytest.raises(ConfigError, match=r"config:1"),
    ):
        ec2.stop_instances("i-1")


# A client's life.


def test_closed(colour):
    """A closed client says so, and closing it twice is fine."""
    with colour.client(**arguments(unreachable)) as ec2:
        ec2.close()
        ec2.close()
        with pytest.raises(ConfigError, match=r"^the client is closed$"):
            ec2.stop_instances("i-1")
        with pytest.raises(ConfigError, match=r"^the client is closed$"):
            ec2.dry_run(ec2lite.StopInstances("i-1"))


class Closable(httpx.MockTransport):
    """Notes whether it was closed."""

    closed = False

    def close(self):
        self.closed = True

    async def aclose(self):
        self.closed = True


def test_injected_transport(colour):
    """The caller's transport is the caller's to close."""
    transport = Closable(stopped)
    with colour.client(**arguments(transport=transport)) as ec2:
        ec2.stop_instances("i-1")

    assert not transport.closed


def test_context_managers():
    """Both clients close themselves at the end of their with statement."""

    async def main():
        async with ec2lite.AsyncClient(**arguments()) as ec2:
            await ec2.stop_instances("i-1")
        return ec2

    with ec2lite.Client(**arguments()) as first:
        first.stop_instances("i-1")
    second = anyio.run(main)

    with pytest.raises(ConfigError, match=r"closed"):
        first.stop_instances("i-1")
    with pytest.raises(ConfigError, match=r"closed"):
        anyio.run(second.stop_instances, "i-1")


def test_never_closed(moto):
    """A client that had connections and was never closed warns when it is collected."""
    client = ec2lite.Client("eu-west-1", credentials=KEYS, endpoint_url=moto)
    client.send(RunInstances(1))

    with pytest.warns(ResourceWarning, match=r"Client object .* was never closed"):
        del client


def test_never_used():
    """A client that was never used, or never came to be, has nothing to warn of."""
    ec2lite.Client("eu-west-1")
    ec2lite.AsyncClient("eu-west-1")
    with pytest.raises(ConfigError):
        ec2lite.Client("eu west")

    gc.collect()


@pytest.mark.parametrize("kind", [ec2lite.Client, ec2lite.AsyncClient])
def test_pickle(kind):
    """A client is not pickled: it holds connections and secrets."""
    with pytest.raises(TypeError, match=f"^{kind.__name__} holds connections and secrets"):
        pickle.dumps(kind("eu-west-1"))


def test_threads():
    """One client serves many threads."""
    service = Service()
    barrier = threading.Barrier(8)
    counts = []
    with ec2lite.Client(**arguments(service)) as ec2:

        def work():
            barrier.wait()
            results = [ec2.stop_instances("i-1") for _ in range(10)]
            counts.append(len(results))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    assert ([10] * 8, 80) == (counts, len(service.requests))


@pytest.mark.parametrize("kind", [ec2lite.Client, ec2lite.AsyncClient])
def test_opened_by_another(kind):
    """A thread that waited for its turn takes what the one before it has opened."""
    client = kind(**arguments())

    assert client._open() is client._open()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks(backend):
    """One AsyncClient serves many tasks."""
    service = Service()

    async def main():
        async with (
            ec2lite.AsyncClient(**arguments(service)) as ec2,
            anyio.create_task_group() as group,
        ):
            for _ in range(50):
                group.start_soon(ec2.stop_instances, "i-1")

    anyio.run(main, backend=backend)

    assert 50 == len(service.requests)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelled(backend):
    """A cancelled call ends there and then, and the client serves the next one."""
    calls, scopes = [], []

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            calls.append(request)
            if len(calls) == 1:
                scopes[0].cancel()
                await anyio.sleep_forever()
            return stopped(request)

    async def main():
        async with ec2lite.AsyncClient(**arguments(transport=Slow())) as ec2:
            with anyio.CancelScope() as scope:
                scopes.append(scope)
                await ec2.stop_instances("i-1")
            return scope.cancelled_caught, await ec2.stop_instances("i-1")

    cancelled, result = anyio.run(main, backend=backend)

    assert (True, 1) == (cancelled, result.response_metadata.attempts)


def test_same_methods():
    """The two clients have the same methods with the same parameters."""

    def public(kind):
        return {
            name: inspect.signature(getattr(each, "fget", each), eval_str=False)
            for name, each in inspect.getmembers(kind)
            if not name.startswith("_")
        }

    def shape(signature):
        return [(p.name, p.kind, p.default, p.annotation) for p in signature.parameters.values()]

    sync, asynchronous = public(ec2lite.Client), public(ec2lite.AsyncClient)
    assert {n: shape(s) for n, s in sync.items()} == {n: shape(s) for n, s in asynchronous.items()}
    returned = {name: str(each.return_annotation) for name, each in asynchronous.items()}
    assert {name: str(each.return_annotation) for name, each in sync.items()} == {
        name: each.removeprefix("Async") for name, each in returned.items()
    }
    init = [inspect.signature(each.__init__) for each in (ec2lite.Client, ec2lite.AsyncClient)]
    assert [p.name for p in init[0].parameters.values()] == list(init[1].parameters)
    # These send nothing themselves.
    given = ("Self", "Plan", "AsyncListing")
    ready = {n for n, each in returned.items() if each.startswith(given)}
    ready |= {n for n in returned if isinstance(getattr(ec2lite.AsyncClient, n), property)}
    assert set(returned) - ready == {
        name
        for name in asynchronous
        if inspect.iscoroutinefunction(getattr(ec2lite.AsyncClient, name))
    }


# The whole way, over real HTTP.


@pytest.fixture
def instances(moto):
    """Return the ids of three running instances."""
    with ec2lite.Client("eu-west-1", credentials=KEYS, endpoint_url=moto) as ec2:
        return ec2.send(RunInstances(3))


def test_whole_way(colour, moto, instances):
    """Instances stop on a real HTTP server, and stopping them again changes nothing."""
    with colour.client("eu-west-1", credentials=KEYS, endpoint_url=moto) as ec2:
        first = ec2.stop_instances(instances[:2])
        second = ec2.stop_instances(instances[:2], force=True)

    assert instances[:2] == [change.instance_id for change in first.stopping_instances]
    assert {"running"} == {change.previous_state.name for change in first.stopping_instances}
    assert {"stopping"} == {change.current_state.name for change in first.stopping_instances}
    assert {"stopped"} == {change.previous_state.name for change in second.stopping_instances}
    assert first.response_metadata.request_id


def test_whole_way_unknown(colour, moto, instances):
    """One unknown id fails the request, and nothing stops."""
    unknown = "i-0123456789abcdef0"
    with colour.client("eu-west-1", credentials=KEYS, endpoint_url=moto) as ec2:
        with pytest.raises(InstanceNotFound, match=unknown):
            ec2.stop_instances([*instances, unknown])
        changes = ec2.stop_instances(instances).stopping_instances

    assert {"running"} == {change.previous_state.name for change in changes}


def test_whole_way_dry_run(colour, moto, instances):
    """A dry run is answered by an error from the API and by a value from ``dry_run``."""
    with colour.client("eu-west-1", credentials=KEYS, endpoint_url=moto) as ec2:
        with pytest.raises(DryRunOperation) as caught:
            ec2.stop_instances(instances, dry_run=True)
        result = ec2.dry_run(ec2lite.StopInstances(instances))

    assert 412 == caught.value.status_code
    assert (True, "DryRunOperation") == (result.allowed, result.code)


def test_whole_way_to_dict(colour, moto, instances):
    """``to_dict`` is what boto3 returns for the same call to the same service."""
    boto = boto3.client(
        "ec2",
        region_name="eu-west-1",
        endpoint_url=moto,
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
    )
    with colour.client("eu-west-1", credentials=KEYS, endpoint_url=moto) as ec2:
        ec2.stop_instances(instances)
        ours = ec2.stop_instances(instances).to_dict()
    theirs = boto.stop_instances(InstanceIds=instances)
    boto.close()

    assert theirs["StoppingInstances"] == ours["StoppingInstances"]
    one, other = theirs["ResponseMetadata"], ours["ResponseMetadata"]
    assert set(one) == set(other)
    same = ["HTTPStatusCode", "RetryAttempts"]
    assert [one[key] for key in same] == [other[key] for key in same]
    assert set(one["HTTPHeaders"]) == set(other["HTTPHeaders"])


def test_nobody_there(colour):
    """An endpoint where nobody listens ends in a TransportError: surely nothing was sent."""
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with (
            colour.client("eu-west-1", credentials=KEYS, endpoint_url=url, retry=FAST) as ec2,
            pytest.raises(TransportError) as caught,
        ):
            ec2.stop_instances("i-1")

    error = caught.value
    assert (3, False, False) == (error.attempts, error.maybe_sent, error.is_timeout)


def test_sts_of_the_region(colour, monkeypatch, tmp_path):
    """Roles are assumed at the STS of the client's own Region, whatever the environment says."""
    config = tmp_path / "config"
    config.write_text(
        "[profile role]\nrole_arn = arn:aws-cn:iam::123456789012:role/r\n"
        "credential_source = Environment\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "HUSH")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    asked = []

    def handle(request):
        asked.append(str(request.url))
        return httpx.Response(400)

    transport = httpx.MockTransport(handle)
    with (
        colour.client("cn-north-1", profile="role", transport=transport) as ec2,
        pytest.raises(ec2lite.CredentialsError),
    ):
        ec2.stop_instances("i-1")

    assert {"https://sts.cn-north-1.amazonaws.com.cn"} == set(asked)


def test_mfa_token_that_is_no_function(colour):
    """A code in place of the function that returns it is refused before anything is sent."""
    with (
        pytest.raises(ec2lite.ConfigError, match=r"^mfa_token must be a function, not str$"),
        colour.client(mfa_token="123456"),
    ):
        pass
