"""How a fake EC2 answers requests that no client of ours would send, and faults on demand."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest
from lxml import etree

import ec2lite
from ec2lite.cli.demonstration import IMAGE, RunInstances
from ec2lite.testing import Bucket, FakeEC2
from ec2lite.testing.documents import NAMESPACE


def ask(fake, action, version="2016-11-15", **parameters):
    """Send a signed request as it is, and return the response."""
    pairs = {"Action": action, "Version": version, **parameters}
    return send(fake, urlencode(pairs).encode())


def send(fake, body, *, tamper=None, **changed):
    """Sign a body, change it if asked to, and send it."""
    url = "https://ec2.us-east-1.amazonaws.com/"
    headers = {"host": "ec2.us-east-1.amazonaws.com"}
    options = {
        "credentials": fake.credentials,
        "region": fake.region,
        "service": "ec2",
        "now": fake.clock(),
        **changed,
    }
    signed = ec2lite.SigV4().sign(method="POST", url=url, headers=headers, body=body, **options)
    request = httpx.Request("POST", url, headers={**headers, **signed}, content=tamper or body)
    return fake.transport.handle_request(request)


def code(response):
    """Return the code of an error document."""
    root = etree.fromstring(response.read())
    return root.findtext(".//{*}Code")


WRONG_KEY = ec2lite.Credentials("AKIAIOSFODNN7EXAMPLE", "another-secret")
UNKNOWN = ec2lite.Credentials("AKIAUNKNOWNUNKNOWN00", "the-fake-secret")
BODY = b"Action=DescribeInstances&Version=2016-11-15"
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


@pytest.mark.parametrize(
    ("changed", "of_ec2", "of_sts"),
    [
        ({"credentials": WRONG_KEY}, "AuthFailure", "SignatureDoesNotMatch"),
        ({"credentials": UNKNOWN}, "AuthFailure", "InvalidClientTokenId"),
        ({"region": "eu-west-1"}, "AuthFailure", "SignatureDoesNotMatch"),
        ({"service": "s3"}, "AuthFailure", "SignatureDoesNotMatch"),
        ({"tamper": b"Action=DescribeInstances&Version=2016-11-15&"}, "AuthFailure", None),
        ({"late": timedelta(minutes=16)}, "RequestExpired", "SignatureDoesNotMatch"),
        ({"late": timedelta(minutes=-16)}, "RequestExpired", "SignatureDoesNotMatch"),
        ({"late": timedelta(minutes=14)}, None, None),
        ({}, None, None),
    ],
)
def test_signatures(fake, changed, of_ec2, of_sts):
    """What is signed wrongly, for elsewhere, or at another time is refused as AWS does it."""
    late = {"now": fake.clock() - changed["late"]} if "late" in changed else {}
    changed = {name: value for name, value in changed.items() if name != "late"}

    assert of_ec2 == code(send(fake, BODY, **changed, **late))
    if "tamper" not in changed:
        service = {} if "service" in changed else {"service": "sts"}
        assert of_sts == code(send(fake, WHO, **changed, **late, **service))


@pytest.mark.parametrize(
    ("body", "expected"), [(BODY, "AuthFailure"), (WHO, "MissingAuthenticationToken")]
)
def test_unsigned(fake, body, expected):
    """A request without a signature is refused."""
    request = httpx.Request("POST", "https://ec2.us-east-1.amazonaws.com/", content=body)
    assert expected == code(fake.transport.handle_request(request))


def test_a_date_that_is_none(fake):
    """A date that cannot be read is as far away as can be."""
    body = BODY
    headers = {"host": "h", "x-amz-date": "20260101"}
    canonical = ec2lite.signing.sigv4.canonical_request("POST", "/", headers, body)
    scope = "20260101/us-east-1/ec2/aws4_request"
    key = ec2lite.signing.key.derive(
        fake.credentials.secret_access_key, "20260101", "us-east-1", "ec2"
    )
    text = ec2lite.signing.sigv4.string_to_sign(canonical, "20260101", scope)
    signature = ec2lite.signing.key.signature(key, text)
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={fake.credentials.access_key_id}/{scope}, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    )
    request = httpx.Request("POST", "https://h/", headers=headers, content=body)

    assert "RequestExpired" == code(fake.transport.handle_request(request))


@pytest.mark.parametrize(
    ("action", "parameters", "expected"),
    [
        ("StopInstances", {}, "MissingParameter"),
        ("DestroyInstances", {}, "InvalidAction"),
        ("", {}, "InvalidAction"),
        ("StopInstances", {"version": "2010-01-01"}, "NoSuchVersion"),
        ("StopInstances", {"InstanceId.1": "i-12345678", "Colour": "red"}, "UnknownParameter"),
        ("DescribeInstances", {"DryRun": "perhaps"}, "InvalidParameterValue"),
        ("DescribeInstances", {"MaxResults": "4"}, "InvalidParameterValue"),
        ("DescribeInstances", {"MaxResults": "1001"}, "InvalidParameterValue"),
        ("DescribeInstances", {"MaxResults": "ten"}, "InvalidParameterValue"),
        ("DescribeInstances", {"NextToken": "x"}, "InvalidNextToken"),
        ("DescribeInstances", {"NextToken": "eA=="}, "InvalidNextToken"),
        ("DescribeInstances", {"Filter.1.Name": "instance-id"}, "InvalidParameterValue"),
        (
            "DescribeInstances",
            {"Filter.1.Name": "colour", "Filter.1.Value.1": "red"},
            "InvalidParameterValue",
        ),
        (
            "DescribeInstanceStatus",
            {"Filter.1.Name": "tag:x", "Filter.1.Value.1": "red"},
            "InvalidParameterValue",
        ),
        (
            "DescribeInstances",
            {"Filter.1.Name": "instance-id"} | {f"Filter.1.Value.{n + 1}": "x" for n in range(201)},
            "FilterLimitExceeded",
        ),
        ("RunInstances", {"MinCount": "1", "MaxCount": "1"}, "MissingParameter"),
        (
            "RunInstances",
            {"ImageId": "ami-1", "MinCount": "2", "MaxCount": "1"},
            "InvalidParameterValue",
        ),
        (
            "RunInstances",
            {"ImageId": "a", "MinCount": "1", "MaxCount": "1", "Placement.AvailabilityZone": "z"},
            "InvalidParameterValue",
        ),
        ("AssumeRole", {"version": "2011-06-15", "RoleArn": "x"}, "ValidationError"),
    ],
)
def test_bad_parameters(fake, action, parameters, expected):
    """Parameters that EC2 would refuse are refused, never ignored."""
    sts = {"service": "sts"} if action == "AssumeRole" else {}
    version = parameters.pop("version", "2016-11-15")
    body = urlencode({"Action": action, "Version": version, **parameters}).encode()

    assert expected == code(send(fake, body, **sts))


def test_ids_and_pages(fake):
    """Ids and a page's size do not go together, and one question about status takes 100 ids."""
    ids = fake.run_instances(101)
    parameters = {f"InstanceId.{n + 1}": each for n, each in enumerate(ids)}

    found = ask(fake, "DescribeInstances", MaxResults="5", **parameters)
    assert "InvalidParameterCombination" == code(found)
    assert "InvalidParameterValue" == code(ask(fake, "DescribeInstanceStatus", **parameters))


def test_documents(fake):
    """A document has EC2's namespace, the request's id, and elements in an order that varies."""
    fake.run_instances()
    texts = [ask(fake, "DescribeInstances").read().decode() for _ in range(8)]
    ids = {re.search("<requestId>(.*?)</requestId>", text)[1] for text in texts}

    assert 8 == len(ids)
    assert all(f'xmlns="{NAMESPACE}"' in text for text in texts)
    orders = {tuple(re.findall("<(instanceId|imageId|tagSet)>", text)) for text in texts}
    assert len(orders) > 1


def test_the_same_again():
    """Two fakes of one seed have the same ids, those of another seed others."""
    first, second, other = FakeEC2(seed=1), FakeEC2(seed=1), FakeEC2(seed=2)
    ids = first.run_instances(3)

    assert ids == second.run_instances(3)
    assert not set(ids) & set(other.run_instances(3))


def test_high_bytes(fake, ec2):
    """Some state codes have bits in their high byte; the low byte is the state."""
    ids = fake.run_instances(100)
    codes = [each.state.raw_code for each in ec2.describe_instances(ids)]

    assert {16} == {each & 0xFF for each in codes}
    assert 0 < len([each for each in codes if each > 0xFF]) < 100


def test_failures(fake, coloured):
    """The next requests for an action fail as often as was asked for; the client tries again."""
    (instance_id,) = fake.run_instances()
    fake.fail_next("StopInstances", "Unavailable", times=2)
    with coloured(fake) as ec2:
        result = ec2.stop_instances(instance_id)

    assert 3 == result.response_metadata.attempts
    assert ["Unavailable", "Unavailable", "ok"] == [each.outcome for each in fake.calls]
    assert fake.calls[0].parameters == {"InstanceId.1": instance_id}
    assert fake.calls[0].time < fake.calls[1].time < fake.calls[2].time


def test_a_status_of_ones_own(fake, ec2):
    """A failure can have another status than is usual."""
    fake.fail_next("DescribeInstances", "Oops", status=418)
    with pytest.raises(ec2lite.ServiceError) as caught:
        list(ec2.describe_instances(all_instances=True))

    assert ("Oops", 418) == (caught.value.code, caught.value.status_code)


def test_resets(fake, coloured):
    """A connection that is cut is an error of the transport, after which the client tries again."""
    (instance_id,) = fake.run_instances()
    fake.reset_next("StopInstances")
    with coloured(fake) as ec2:
        (change,) = ec2.stop_instances(instance_id).stopping_instances

    assert "running" == change.previous_state.name
    assert ["reset", "ok"] == [each.outcome for each in fake.calls]


@pytest.mark.parametrize("method", ["fail_next", "reset_next"])
def test_faults_have_an_action(fake, method):
    """A fault for an action that there is not would never come: it is refused."""
    with pytest.raises(ec2lite.ConfigError, match=r"^action must be one that the fake has"):
        getattr(fake, method)("StopInstance", *["Unavailable"] * (method == "fail_next"))


def test_latency(fake, coloured):
    """An answer takes as long as it is told to, on the clock; a client may stop waiting before."""
    (instance_id,) = fake.run_instances()
    fake.latency = 7
    with coloured(fake, timeout=ec2lite.Timeout(read=5)) as ec2:
        with pytest.raises(ec2lite.TransportError) as caught:
            ec2.reboot_instances(instance_id)
        assert caught.value.is_timeout
        assert 5 == fake.clock.passed()
        fake.latency = 3
        ec2.reboot_instances(instance_id)

    assert 8 == fake.clock.passed()


def test_quotas_of_requests():
    """Requests beyond the quota are refused with 503, until tokens have come back."""
    fake = FakeEC2(quotas={"StopInstances": (Bucket(2, 0.5), None)})
    (instance_id,) = fake.run_instances()
    with fake.client(retry=ec2lite.NoRetry()) as ec2:
        ec2.stop_instances(instance_id)
        ec2.stop_instances(instance_id)
        with pytest.raises(ec2lite.RequestLimitExceeded) as caught:
            ec2.stop_instances(instance_id)
        assert 503 == caught.value.status_code
        fake.advance(2)
        ec2.stop_instances(instance_id)
        with pytest.raises(ec2lite.RequestLimitExceeded):
            ec2.stop_instances(instance_id)


def test_quotas_of_instances():
    """So are instances; a refused request takes none of those tokens."""
    fake = FakeEC2(quotas={"StopInstances": (Bucket(100, 1), Bucket(10, 1))})
    ids = fake.run_instances(11)
    with fake.client(retry=ec2lite.NoRetry()) as ec2:
        for _ in range(3):
            with pytest.raises(ec2lite.RequestLimitExceeded):
                ec2.stop_instances(ids)
        ec2.stop_instances(ids[:10])


def test_quotas_are_aws_own(fake):
    """Without an argument the quotas are those that AWS documents: smaller for whole regions."""
    whole = [code(ask(fake, "DescribeInstances")) for _ in range(51)]
    paged = [code(ask(fake, "DescribeInstances", MaxResults="5")) for _ in range(101)]

    assert [None] * 50 + ["RequestLimitExceeded"] == whole
    assert [None] * 100 + ["RequestLimitExceeded"] == paged


@pytest.mark.parametrize(
    ("action", "parameters", "expected"),
    [
        ("DescribeInstanceAttribute", {"Attribute": "colour"}, "InvalidParameterValue"),
        ("ModifyInstanceAttribute", {}, "InvalidParameterCombination"),
        (
            "ModifyInstanceAttribute",
            {"DisableApiStop.Value": "true", "GroupId.1": "sg-1"},
            "InvalidParameterCombination",
        ),
        (
            "ModifyInstanceAttribute",
            {"Attribute": "colour", "Value": "red"},
            "InvalidParameterValue",
        ),
    ],
)
def test_bad_attributes(fake, action, parameters, expected):
    """An attribute that there is not, none, or two at once are refused."""
    (instance_id,) = fake.run_instances()
    assert expected == code(ask(fake, action, InstanceId=instance_id, **parameters))


def test_lag_is_read_as_it_was_set(fake):
    """The lag of descriptions is an attribute like the latency."""
    assert 0 == fake.lag
    fake.lag = 2.5
    assert 2.5 == fake.lag


@pytest.mark.parametrize(
    ("can_hibernate", "expected"),
    [(False, {}), (True, {"HibernationOptions.Configured": "true"})],
)
def test_launches_by_request(fake, ec2, can_hibernate, expected):
    """RunInstances takes what the demo sends, and launches what can hibernate or not."""
    (instance_id,) = ec2.send(RunInstances(IMAGE, 1, can_hibernate))
    (instance,) = ec2.describe_instances(instance_id)

    assert {"ImageId": IMAGE, "MinCount": "1", "MaxCount": "1"} | expected == (
        fake.calls[0].parameters
    )
    assert can_hibernate is instance.hibernation_options.configured
