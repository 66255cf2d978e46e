"""docs/protocol.md says what happens."""

from __future__ import annotations

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import ec2lite
import walkthrough


def test_the_document_is_up_to_date() -> None:
    """Each block of docs/protocol.md is what the code makes: python -m tests.walkthrough."""
    document = walkthrough.DOCUMENT.read_text("utf-8")
    assert list(walkthrough.blocks()) == walkthrough.names(document)
    assert walkthrough.made(document) == document


def test_ec2lite_signs_as_the_document_says() -> None:
    """The signature computed by hand is the one that ec2lite sends."""
    request = ec2lite.build_request(
        walkthrough.REQUEST,
        endpoint=walkthrough.ENDPOINT,
        credentials=walkthrough.CREDENTIALS,
        now=walkthrough.NOW,
    )
    assert (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/ec2/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
        f"Signature={walkthrough.signature()}"
    ) == request.headers["authorization"]


def test_botocore_signs_as_the_document_says() -> None:
    """Canonical request, string to sign and signature are those of botocore's own request."""
    key = walkthrough.CREDENTIALS
    signer = SigV4Auth(
        Credentials(key.access_key_id, key.secret_access_key, key.session_token), "ec2", "eu-west-1"
    )
    request = AWSRequest(
        "POST",
        f"{walkthrough.ENDPOINT.url}/",
        headers={
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Amz-Date": "20260102T030405Z",
            "X-Amz-Security-Token": key.session_token,
        },
        data=walkthrough.blocks()["body"].encode(),
    )
    request.context["timestamp"] = "20260102T030405Z"
    canonical = signer.canonical_request(request)
    to_sign = signer.string_to_sign(request, canonical)
    assert walkthrough.canonical_request() == canonical
    assert walkthrough.string_to_sign() == to_sign
    assert walkthrough.signature() == signer.signature(to_sign, request)
