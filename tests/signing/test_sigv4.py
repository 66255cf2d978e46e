"""Our own Signature Version 4: AWS's published answers, and botocore's for anything else."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import ec2lite
from ec2lite.signing import key as signing_key
from ec2lite.signing.botocore_signer import BotocoreSigner
from ec2lite.signing.signer import NEVER_SIGNED, PAYLOAD_HASH
from ec2lite.signing.sigv4 import SigV4, canonical_request
from samples import SECRET
from strategies import PRINTABLE

SUITE = Path(__file__).parent.parent / "data" / "sigv4" / "vectors.json"
VECTORS: list[dict[str, Any]] = json.loads(SUITE.read_text("ascii"))
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
SIGNERS = [SigV4, BotocoreSigner]


def request(**changes: Any) -> dict[str, Any]:
    """Return the arguments of ``sign`` for a plain request."""
    return {
        "method": "POST",
        "url": "https://ec2.eu-west-1.amazonaws.com",
        "headers": {"host": "ec2.eu-west-1.amazonaws.com"},
        "body": b"Action=StopInstances",
        "credentials": ec2lite.Credentials("AKIDEXAMPLE", SECRET),
        "region": "eu-west-1",
        "service": "ec2",
        "now": NOW,
    } | changes


# Surrogates cannot be sent, and line breaks end a header or a URL.
text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
secrets = st.text(PRINTABLE, min_size=1)
tokens = st.text(st.characters(min_codepoint=33, max_codepoint=126))
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_%", min_size=1, max_size=12)
values = st.lists(
    st.sampled_from([" ", "  ", "\t", "a", "B", '"', "é", "\u3000", ":", "%s", "%"])
).map("".join)
segments = st.one_of(st.sampled_from(["", ".", "..", "%2F", "%s", "a b", "~", "+", "*"]), text)
# `?` and `#` end a path; urlsplit refuses hosts, not paths, with odd characters.
paths = st.lists(segments.map(lambda part: part.replace("?", "").replace("#", "").replace("/", "")))
queries = st.lists(
    st.sampled_from(["a=1", "a=0", "a", "", "=", "b=%20", "c=%s%", "A=x=y", "é=ü", "X-Amz-Date=1"])
)
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PUT", "delete"]),
        "url": st.builds(
            lambda scheme, path, query: f"{scheme}://example.com:8443{path}{query}",
            st.sampled_from(["http", "https"]),
            paths.map(lambda parts: "".join(f"/{part}" for part in parts)),
            queries.map(lambda pairs: "?" + "&".join(pairs) if pairs else ""),
        ),
        "headers": st.dictionaries(
            names | st.sampled_from([*sorted(NEVER_SIGNED), PAYLOAD_HASH]), values.map("".join)
        ).map(lambda headers: {"host": "example.com:8443", **headers}),
        "body": st.binary(max_size=100),
        "credentials": st.builds(
            ec2lite.Credentials, st.text("AKIDX0", min_size=1), secrets, st.none() | tokens
        ),
        "region": st.sampled_from(["us-east-1", "eu-west-1"]),
        "service": st.sampled_from(["ec2", "sts", "s3"]),
        "now": st.datetimes(
            # strftime pads no years before 1000.
            min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
            timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))]),
        ),
    }
)


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_signs_as_aws_published(vector: dict[str, Any], signer: type[SigV4 | BotocoreSigner]):
    """Every request of AWS's test suite gets the Authorization header that AWS gives for it."""
    added = signer().sign(
        method=vector["method"],
        url=vector["url"],
        headers=vector["headers"],
        body=vector["body"].encode(),
        credentials=ec2lite.Credentials("AKIDEXAMPLE", SECRET, vector["session_token"]),
        region="us-east-1",
        service=vector["service"],
        now=NOW,
    )

    assert vector["authorization"] == added["authorization"]


@given(arguments=requests)
@example(arguments=request(url="https://example.com", body=b""))
def test_signs_as_botocore_does(arguments: dict[str, Any]):
    """Whatever the request, the signature is botocore's, to the bit."""
    assert BotocoreSigner().sign(**arguments) == SigV4().sign(**arguments)


@given(pair=st.tuples(requests, requests))
def test_remembers_nothing_that_changes_a_signature(pair: tuple[dict[str, Any], dict[str, Any]]):
    """A signer that has signed another request before signs like a new one."""
    for make in SIGNERS:
        used = make()
        for arguments in [*pair, *pair]:
            assert make().sign(**arguments) == used.sign(**arguments)


def test_canonical_request_is_the_documented_text():
    """The canonical request of the documentation's IAM example comes out line by line."""
    vector = VECTORS[-1]

    text = canonical_request(
        vector["method"],
        vector["url"],
        {**vector["headers"], "x-amz-date": "20150830T123600Z"},
        b"",
    )

    assert [
        "GET",
        "/",
        "Action=ListUsers&Version=2010-05-08",
        "content-type:application/x-www-form-urlencoded; charset=utf-8",
        "host:iam.amazonaws.com",
        "x-amz-date:20150830T123600Z",
        "",
        "content-type;host;x-amz-date",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] == text.split("\n")


def test_derived_key_is_the_documented_one():
    """The signing key of the documentation's example is derived from its secret."""
    expected = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"

    assert expected == signing_key.derive(SECRET, "20150830", "us-east-1", "iam").hex()


@pytest.mark.parametrize("signer", SIGNERS)
def test_derives_the_key_once(
    signer: type[SigV4 | BotocoreSigner], monkeypatch: pytest.MonkeyPatch
):
    """The key is derived anew for another day, Region, service or other credentials, only."""
    derived: list[tuple[str, ...]] = []
    derive = signing_key.derive

    def counting(*arguments: str) -> bytes:
        derived.append(arguments[1:])
        return derive(*arguments)

    monkeypatch.setattr(signing_key, "derive", counting)
    one, later = signer(), NOW + timedelta(days=1)
    usual = request()
    for changes in [{}, {"body": b""}, {"now": later}, {"region": "eu-west-2", "now": later}]:
        one.sign(**(usual | changes))
    one.sign(**(usual | {"service": "sts"}))
    one.sign(**request(service="sts"))  # equal credentials, but others

    assert [
        ("20150830", "eu-west-1", "ec2"),
        ("20150831", "eu-west-1", "ec2"),
        ("20150831", "eu-west-2", "ec2"),
        ("20150830", "eu-west-1", "sts"),
        ("20150830", "eu-west-1", "sts"),
    ] == derived


def test_scopes_that_only_look_alike_have_keys_of_their_own():
    """Credentials that are gone and replaced by others never lend those their key."""
    signer = SigV4()
    for secret in ("one", "two", "three"):
        arguments = request(credentials=ec2lite.Credentials("AKIDEXAMPLE", secret))

        assert SigV4().sign(**arguments) == signer.sign(**arguments)
        del arguments


@pytest.mark.parametrize("signer", SIGNERS)
def test_signs_with_no_more_secrets_than_needed(signer: type[SigV4 | BotocoreSigner]):
    """After signing, a signer holds neither the secret nor the token, and shows no key."""
    one = signer()
    one.sign(**request(credentials=ec2lite.Credentials("AKIDEXAMPLE", SECRET, "a-token")))
    reference, *kept = one._key._kept

    assert reference() is None
    assert SECRET not in str(kept)
    assert "a-token" not in str(kept)
    assert "Credentials" not in repr(one)


@pytest.mark.parametrize("signer", SIGNERS)
def test_logs_nothing(signer: type[SigV4 | BotocoreSigner], caplog: pytest.LogCaptureFixture):
    """Signing is silent at every level, so that no log gets the session token."""
    with caplog.at_level("DEBUG"):
        signer().sign(**request(credentials=ec2lite.Credentials("AKIDEXAMPLE", SECRET, "a-token")))

    assert [] == caplog.records


def test_needs_no_botocore():
    """A call that is signed by SigV4 imports nothing of botocore."""
    program = (
        "import sys, datetime, ec2lite\n"
        "ec2lite.build_request(ec2lite.StopInstances('i-1'),"
        " endpoint=ec2lite.resolve_endpoint('eu-west-1'),"
        " credentials=ec2lite.Credentials('AKID', 'secret'),"
        " now=datetime.datetime.now(datetime.UTC), signer=ec2lite.SigV4())\n"
        "assert 'botocore' not in sys.modules"
    )

    assert 0 == subprocess.run([sys.executable, "-c", program], check=False).returncode


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("/a/b/../c", "/a/c"),
        ("/a/b/c/../../d", "/a/d"),
        ("/a//./b/", "/a/b/"),
        ("/../a", "/a"),
        ("/a/b/c/../d", "/a/b/d"),
    ],
)
def test_dots_in_paths(path: str, normal: str):
    """Two dots take one segment away, one dot and nothing take none."""
    text = canonical_request("POST", f"https://example.com{path}", {"host": "x"}, b"")
    assert normal == text.split("\n")[1]


def test_the_path_of_s3_is_signed_as_it_is():
    """S3's objects may have dots and doubled slashes in their names: nothing is normalised."""
    headers = {"host": "x"}
    text = canonical_request("GET", "https://example.com/a/../b//c%20d", headers, b"", is_s3=True)
    assert "/a/../b//c%20d" == text.split("\n")[1]
