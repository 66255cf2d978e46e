"""A request, shown byte by byte, and how its signature comes about. Nothing is sent.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from ec2lite import checks
from ec2lite.errors import ConfigError
from ec2lite.protocol.operation import check
from ec2lite.protocol.request import build_request
from ec2lite.signing import sigv4

if TYPE_CHECKING:
    from datetime import datetime

    from ec2lite.models import Credentials, Endpoint
    from ec2lite.protocol.operation import Operation

HIDDEN: Final = "***"
_TOKEN: Final = "x-amz-security-token"  # noqa: S105 - the name of a header
# Headers that curl makes by itself, of the URL and the body.
_OF_CURL: Final = frozenset({"host", "content-length"})


@frozen
class Explanation:
    """A signed request, and what was made on the way to it. ``str()`` shows all of it.

    - ``pairs``: the form's names and values, ``Action`` and ``Version`` among them; ``body`` is
      that form, encoded.
    - ``canonical_request``, ``string_to_sign``, ``signature``: the three steps of Signature
      Version 4.
    - ``method``, ``url``, ``headers``: what is sent, the headers as pairs with lower-case names.
    - ``curl``: a command that sends the same. Where the session token is hidden, it takes the token
      from the variable AWS_SESSION_TOKEN.
    - ``answer``: what the answer's parts will mean, each a path and a meaning; empty for an action
      that no method of a client sends.
    """

    pairs: list[tuple[str, str]]
    body: bytes = field(repr=False)
    canonical_request: str = field(repr=False)
    string_to_sign: str = field(repr=False)
    signature: str = field(repr=False)
    method: str
    url: str
    headers: list[tuple[str, str]] = field(repr=False)
    curl: str = field(repr=False)
    answer: list[tuple[str, str]] = field(factory=list[tuple[str, str]], repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: lists for pairs, text for the body."""
        return {
            "pairs": [list(pair) for pair in self.pairs],
            "body": self.body.decode("ascii"),
            "canonical_request": self.canonical_request,
            "string_to_sign": self.string_to_sign,
            "signature": self.signature,
            "method": self.method,
            "url": self.url,
            "headers": [list(pair) for pair in self.headers],
            "curl": self.curl,
            "answer": [list(part) for part in self.answer],
        }

    def __str__(self) -> str:
        parts = {
            "Pairs": "\n".join(f"{name} = {value}" for name, value in self.pairs),
            "Body": self.body.decode("ascii"),
            "Canonical request": self.canonical_request,
            "String to sign": self.string_to_sign,
            "Signature": self.signature,
            "Request": f"{self.method} {self.url}",
            "Headers": "\n".join(f"{name}: {value}" for name, value in self.headers),
            "The same with curl": self.curl,
        }
        if self.answer:
            width = max(len(path) for path, _ in self.answer)
            parts["The answer's parts"] = "\n".join(
                f"{path:{width}}  {meaning}" for path, meaning in self.answer
            )
        return "\n\n".join(f"{title}\n{_indented(text)}" for title, text in parts.items())


def explain(
    request: Operation[Any],
    *,
    endpoint: Endpoint,
    credentials: Credentials,
    now: datetime,
    show_secrets: bool = False,
) -> Explanation:
    """Return what ``build_request`` makes of a request, and all steps to it; nothing is sent.

    The session token is hidden in every text, unless ``show_secrets`` is true; the secret key is in
    none. The signature is that of the real token, and AWS accepts it for 15 minutes around ``now``.
    Raises ``ConfigError`` as ``build_request`` does, and for a request that is not signed.
    """
    # Imported here, as it takes the shapes of all answers.
    from ec2lite.explanations.parts import expected

    check(request)
    checks.instance("show_secrets", show_secrets, bool, "True or False")
    if not request.signed:
        raise ConfigError(f"{request.action} is not signed: there is nothing to explain")
    signer = sigv4.SigV4()
    made = build_request(
        request, endpoint=endpoint, credentials=credentials, now=now, signer=signer
    )
    body = made.read()
    headers = [(name.decode("ascii"), value.decode("latin-1")) for name, value in made.headers.raw]
    authorization = made.headers["authorization"]
    time: str = made.headers["x-amz-date"]
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    url, signed = str(made.url), {name: made.headers[name] for name in names}
    canonical = sigv4.canonical_request(made.method, url, signed, body)
    scope = sigv4.scope(time[:8], endpoint.signing_region, endpoint.signing_name)
    shown = {} if show_secrets else {_TOKEN: HIDDEN}
    return Explanation(
        pairs=[("Action", request.action), ("Version", request.version), *request.form_pairs()],
        body=body,
        canonical_request=sigv4.canonical_request(
            made.method, url, {name: shown.get(name, signed[name]) for name in names}, body
        ),
        string_to_sign=sigv4.string_to_sign(canonical, time, scope),
        signature=authorization.rpartition("=")[2],
        method=made.method,
        url=url,
        headers=[(name, shown.get(name, value)) for name, value in headers],
        curl=_curl(url, headers, body, hides_token=not show_secrets),
        answer=expected(request.action) if request.service == "ec2" else [],
    )


def _curl(url: str, headers: list[tuple[str, str]], body: bytes, *, hides_token: bool) -> str:
    lines = [f"curl {shlex.quote(url)}"]
    for name, value in headers:
        if name == _TOKEN and hides_token:
            lines.append(f'-H "{name}: $AWS_SESSION_TOKEN"')
        elif name not in _OF_CURL:
            lines.append(f"-H {shlex.quote(f'{name}: {value}')}")
    lines.append(f"--data-binary {shlex.quote(body.decode('ascii'))}")
    return " \\\n  ".join(lines)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.split("\n"))
