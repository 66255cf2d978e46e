"""DPoP proofs, compared with those that botocore makes."""

import base64
import hashlib
import json
import sys
from datetime import UTC, datetime

import botocore.credentials
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ec2lite.credentials.providers import dpop
from ec2lite.errors import CredentialsError

URL = "https://eu-west-1.signin.aws.amazon.com/v1/token"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
# Its x begins with a zero byte, which must not get lost.
KEY = ec.derive_private_key(379, ec.SECP256R1())


class CrtKey:
    """The key as awscrt, which botocore signs with, would give it."""

    def get_public_coords(self):
        numbers = KEY.public_key().public_numbers()
        return numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")

    def sign(self, digest):
        return KEY.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


class Crt:
    """The one function of awscrt that botocore's proof needs besides."""

    @staticmethod
    def decode_der_signature_to_padded_pair(signature, pad_to):
        return b"".join(n.to_bytes(pad_to, "big") for n in utils.decode_dss_signature(signature))


def pem(form, key=KEY):
    """Return a key as text."""
    return key.private_bytes(
        serialization.Encoding.PEM, form, serialization.NoEncryption()
    ).decode()


def unpack(proof):
    """Return a proof's header and claims, once its signature is checked."""
    header, claims, signature = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in proof.split(".")
    )
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    signed = proof.rpartition(".")[0].encode()
    KEY.public_key().verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    assert 64 == len(signature)
    return json.loads(header), json.loads(claims)


@pytest.mark.parametrize(
    "form",
    [serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8],
)
def test_same_proof_as_botocore(monkeypatch, form):
    """Header and claims are botocore's, and both signatures hold."""
    monkeypatch.setattr(botocore.credentials, "EC", Crt)
    ours_header, ours = unpack(dpop.proof(pem(form), URL, NOW))
    their_proof = botocore.credentials._build_dpop_header(
        CrtKey(), URL, uid=ours["jti"], ts=int(NOW.timestamp())
    )

    assert unpack(their_proof) == (ours_header, ours)


def test_each_proof_is_new():
    """A proof is never used twice: each has an id of its own."""
    text = pem(serialization.PrivateFormat.PKCS8)

    assert 10 == len({unpack(dpop.proof(text, URL, NOW))[1]["jti"] for _ in range(10)})


@pytest.mark.parametrize(
    "text",
    [
        "HUSH",
        pem(serialization.PrivateFormat.PKCS8, ec.derive_private_key(5, ec.SECP384R1())),
        hashlib.sha256(b"").hexdigest(),
    ],
)
def test_other_keys(text):
    """A key that is none, or of another kind, is an error that does not show it."""
    with pytest.raises(CredentialsError, match="dpopKey that cannot be read") as caught:
        dpop.proof(text, URL, NOW)

    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_broken_package(monkeypatch):
    """A package that is installed and cannot be imported is as good as none."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)

    assert not dpop.is_available()
