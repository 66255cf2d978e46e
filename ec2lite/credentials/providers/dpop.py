"""DPoP with ES256: the proof that whoever uses a token has the key that it was issued to.

https://www.rfc-editor.org/rfc/rfc9449#section-4.2
It needs the package cryptography, which the extra ``[login]`` brings.
"""

from __future__ import annotations

import json
import uuid
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    from datetime import datetime


def is_available() -> bool:
    """Whether the package that signs is installed and can be imported."""
    try:
        import cryptography
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        return False
    return all((cryptography, ec))


def proof(pem: str, url: str, now: datetime) -> str:
    """Return the value of a ``DPoP`` header for a POST to ``url``."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    key = _load(pem)
    point = key.public_key().public_numbers()
    jwk = {"kty": "EC", "x": _number(point.x), "y": _number(point.y), "crv": "P-256"}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
    payload = {
        "htm": "POST",
        "htu": url,
        "iat": int(now.timestamp()),
        "jti": str(uuid.uuid4()),
    }
    signed = f"{_encode(header)}.{_encode(payload)}"
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _load(pem: str) -> Any:  # noqa: ANN401 - a type of the optional package
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not (isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1"):
        raise CredentialsError("The file of `aws login` has a dpopKey that cannot be read.")
    return key


def _number(value: int) -> str:
    return _base64(value.to_bytes(32, "big"))


def _encode(document: dict[str, Any]) -> str:
    return _base64(json.dumps(document, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
