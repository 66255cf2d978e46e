"""``ec2lite explain``: another command's request, or an answer. Nothing is sent."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from ec2lite.cli import main, options, output
from ec2lite.cli.options import UsageError

if TYPE_CHECKING:
    import argparse

    from ec2lite.models import Endpoint
    from ec2lite.protocol.operation import Operation

# What these do is more than one request, or none.
_OTHERS: Final = frozenset({"wait", "explain", "explain-denial", "whoami", "fake", "demo"})
COMMANDS: Final = tuple(each for each in main.COMMANDS if each not in _OTHERS)


def parse(parser: options.Parser, arguments: list[str]) -> argparse.Namespace:
    """Parse the other command's arguments by its own parser, or ``--response``."""
    if any(each.partition("=")[0] == "--response" for each in arguments):
        add_arguments(parser)
        return parser.parse_args(arguments)
    before, name, after = options.split(arguments)
    if name is None:
        add_arguments(parser)
        parser.parse_args(before)
        raise UsageError(parser.prog, "a command or --response must be given")
    if name not in COMMANDS:
        raise UsageError(parser.prog, f"the command must be of {', '.join(COMMANDS)}, not {name!r}")
    command = importlib.import_module(f"ec2lite.cli.{name}")
    command.add_arguments(parser)
    _add_secrets(parser)
    args = parser.parse_intermixed_args([*before, *after])
    args.command, args.yes = command, True
    return args


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what explains an answer, and say how a command is explained."""
    parser.usage = f"{parser.prog} COMMAND [ARGUMENT ...] | --response FILE"
    parser.add_argument(
        "--response", metavar="FILE", help="the body of an answer; - reads standard input"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.epilog = f"COMMAND is one of {', '.join(COMMANDS)}, with its own arguments."
    parser.set_defaults(command=None)
    _add_secrets(parser)


def _add_secrets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--show-secrets", action="store_true", help="show tokens and user data, too"
    )


def run(args: argparse.Namespace) -> int:
    """Explain a request or an answer."""
    return _answer(args) if args.command is None else _request(args)


def _request(args: argparse.Namespace) -> int:
    from ec2lite.cli.explainer import Explained, Explainer

    args.client_class = Explainer
    try:
        return int(args.command.run(args))
    except Explained as caught:
        return _show(args, caught.request, caught.endpoint)


def _show(args: argparse.Namespace, request: Operation[Any], endpoint: Endpoint) -> int:
    from datetime import UTC, datetime

    from ec2lite.cli.explainer import EXAMPLE, credentials
    from ec2lite.explanations.request import explain

    found = credentials(args.profile)
    explanation = explain(
        request,
        endpoint=endpoint,
        credentials=EXAMPLE if isinstance(found, str) else found,
        now=datetime.now(UTC),
        show_secrets=args.show_secrets,
    )
    if args.json:
        output.say_json(explanation.to_dict())
    else:
        output.say("\n".join(map(_shown, str(explanation).split("\n"))))
    if isinstance(found, str):
        output.complain(f"ec2lite: signed with the keys of AWS's documentation: {found}\n")
    return output.DONE


def _answer(args: argparse.Namespace) -> int:
    from ec2lite.explanations.answer import explain_answer

    body = options.content(args.response)
    explained = explain_answer(body, show_secrets=args.show_secrets)
    if args.json:
        output.say_json(explained.to_dict())
        return output.DONE
    output.say("\n".join(map(output.one_line, explained.sentences)))
    if explained.parts:
        output.say()
        output.say(output.table([(p.path, p.text, p.meaning) for p in explained.parts]))
    return output.DONE


def _shown(line: str) -> str:
    """Return a line with what a terminal would obey escaped."""
    indent = len(line) - len(line.lstrip(" "))
    return line[:indent] + output.one_line(line[indent:])
