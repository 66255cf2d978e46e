"""``ec2lite explain``: another command's request, or an answer. Nothing is sent.

The other command runs as it always does, but its client raises the request instead of sending it.
"""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

import attrs

from ec2lite.cli import options, output
from ec2lite.cli.options import UsageError
from ec2lite.client import Client
from ec2lite.config.settings import Settings
from ec2lite.credentials.chain import default_chain
from ec2lite.engine.flow import run as run_flow
from ec2lite.errors import CredentialsError
from ec2lite.models import Credentials

if TYPE_CHECKING:
    import argparse

    from ec2lite.engine.flow import Effect
    from ec2lite.models import Endpoint
    from ec2lite.protocol.operation import Operation

COMMANDS: Final = (
    "stop",
    "start",
    "reboot",
    "terminate",
    "describe",
    "status",
    "protect",
    "unprotect",
)
# AWS's example: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-examples.html
EXAMPLE: Final = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


class Explained(Exception):  # noqa: N818 - it is an answer, and never leaves this module
    """The request that a command would have sent, and where to."""

    def __init__(self, request: Operation[Any], endpoint: Endpoint) -> None:
        super().__init__(request, endpoint)
        self.request = request
        self.endpoint = endpoint


class Explainer(Client):
    """A client that raises each request as ``Explained``."""

    def send(self, request: Operation[Any]) -> NoReturn:
        """Raise a request."""
        raise Explained(request, self._setup.endpoint(request.service))

    listing = send

    def dry_run(self, request: Operation[Any]) -> NoReturn:
        """Raise a request, as a dry run."""
        self.send(attrs.evolve(request, dry_run=True))  # type: ignore[misc] # as in engine/dry_run


class WouldAsk(Exception):  # noqa: N818 - as above
    """Somebody would have to be asked."""


class Alone:
    """A world in which a flow can do nothing but think."""

    def perform(self, effect: Effect) -> NoReturn:
        """Refuse it."""
        del effect
        raise WouldAsk


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
    args.command, args.client_class, args.yes = command, Explainer, True
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
    try:
        return int(args.command.run(args))
    except Explained as caught:
        return _show(args, caught.request, caught.endpoint)


def _show(args: argparse.Namespace, request: Operation[Any], endpoint: Endpoint) -> int:
    from ec2lite.explanations.request import explain

    found = _credentials(args.profile)
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


def _credentials(profile: str | None) -> Credentials | str:
    """Return the credentials that can be had without asking anybody, or why there are none."""
    try:
        return run_flow(default_chain(Settings(profile=profile)).find(), Alone()).credentials
    except WouldAsk:
        return "to find your credentials would take a request or a program"
    except CredentialsError as error:
        return str(error.args[0])


def _shown(line: str) -> str:
    """Return a line with what a terminal would obey escaped."""
    indent = len(line) - len(line.lstrip(" "))
    return line[:indent] + output.one_line(line[indent:])
