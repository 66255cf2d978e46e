"""``ec2lite explain-denial``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ec2lite.cli import options, output
from ec2lite.cli.options import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

_BEGINNING = "Encoded authorization failure message:"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the message."""
    parser.add_argument(
        "message",
        nargs="?",
        metavar="MESSAGE",
        help="the encoded message, or the whole error; file://NAME and - read it",
    )
    parser.add_argument("--encoded-message", metavar="MESSAGE", help="as the AWS CLI takes it")
    options.add_client(parser)


def run(args: argparse.Namespace) -> int:
    """Let STS decode what EC2 says about a denial; that takes a permission of its own."""
    import json

    from ec2lite.credentials.sts.decode_authorization_message import DecodeAuthorizationMessage

    request = DecodeAuthorizationMessage(_encoded(args))
    with options.client(args) as ec2:
        decoded = ec2.send(request).decoded_message
    try:
        document = json.loads(decoded)
    except ValueError:
        document = decoded
    if args.json:
        output.say_json({"DecodedMessage": document})
    else:
        output.say(output.table(list(_facts(document))))
    return output.DONE


def _encoded(args: argparse.Namespace) -> str:
    """Return the message, taken out of the error that it stands in."""
    given = args.message or args.encoded_message
    if not given:
        raise UsageError(args.prog, "the encoded message must be given")
    text = options.text(given)
    words = text.partition(_BEGINNING)[2].split() or text.split()
    if not words:
        raise UsageError(args.prog, "the encoded message must not be empty")
    return words[0]


def _facts(document: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - whatever STS's JSON holds
    """Return what a person looks for first; a document without that is shown as it is."""
    facts = [
        ("reason", _reason(_at(document, "explicitDeny"))),
        ("principal", _at(document, "context", "principal", "arn")),
        ("action", _at(document, "context", "action")),
        ("resource", _at(document, "context", "resource")),
        *(("statement", each) for each in _statements(document)),
    ]
    return [(name, str(value)) for name, value in facts if value] or [("message", str(document))]


def _at(document: Any, *names: str) -> Any:  # noqa: ANN401 - from json.loads
    """Return what is at the end of a path, or None."""
    for name in names:
        if not isinstance(document, dict):
            return None
        document = cast("dict[str, Any]", document).get(name)
    return document


def _reason(is_explicit: object) -> str | None:
    if is_explicit is None:
        return None
    return "a statement denies it" if is_explicit else "no statement allows it"


def _statements(document: Any) -> list[str]:  # noqa: ANN401 - from json.loads
    """Return the names of the statements that decided."""
    items = _at(document, "matchedStatements", "items")
    if not isinstance(items, list):
        return []
    return [
        str(_at(each, "statementId") or _at(each, "sourcePolicyId") or "(without a name)")
        for each in cast("Iterable[object]", items)
    ]
