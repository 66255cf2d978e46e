"""Options that commands share, named as the AWS CLI names them."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ec2lite.client import Client

# The options of `add_client` that take a value: they may stand before the command, too.
_VALUED = ("--region", "--profile", "--endpoint-url")


class UsageError(ConfigError):
    """The command line is wrong; ``prog`` is the command whose help says what is right."""

    def __init__(self, prog: str, message: str) -> None:
        super().__init__(message)
        self.prog = prog

    def __str__(self) -> str:
        return f"{self.args[0]}; see {self.prog} --help"


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises ``UsageError`` where argparse prints and exits."""

    def error(self, message: str) -> NoReturn:
        """Raise the error."""
        raise UsageError(self.prog, message)


def split(arguments: Sequence[str]) -> tuple[list[str], str | None, list[str]]:
    """Return what stands before the command, the command if there is one, and what follows it.

    This is not left to argparse's subparsers, which refuse ``stop i-1 --force i-2``.
    """
    is_value = False
    for index, each in enumerate(arguments):
        if not is_value and not each.startswith("-"):
            return list(arguments[:index]), each, list(arguments[index + 1 :])
        is_value = not is_value and each in _VALUED
    return list(arguments), None, []


def wants_json(arguments: Sequence[str]) -> bool:
    """Return whether ``--json`` is given. Errors need to know before arguments are parsed."""
    return "--json" in (arguments[: arguments.index("--")] if "--" in arguments else arguments)


def add_client(parser: argparse.ArgumentParser) -> None:
    """Add what every command that talks to AWS takes."""
    where = parser.add_argument_group("where")
    where.add_argument("--region", metavar="NAME", help="such as eu-west-1; default: AWS_REGION")
    where.add_argument("--profile", metavar="NAME", help="of ~/.aws/config; default: AWS_PROFILE")
    where.add_argument("--endpoint-url", metavar="URL", help="another service of EC2's protocol")
    parser.add_argument("--json", action="store_true", help="print JSON, as boto3 returns it")


def client(args: argparse.Namespace) -> Client:
    """Return a client for the options of ``add_client``; ``explain`` has one of its own."""
    from ec2lite.client import Client

    kind: type[Client] = getattr(args, "client_class", Client)
    return kind(args.region, **shared(args))


def shared(args: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of a client for any Region.

    It signs with ``SigV4()``: the signatures are botocore's, and a process that makes one call
    spares importing botocore.
    """
    from ec2lite.signing.sigv4 import SigV4

    return {
        "profile": args.profile,
        "endpoint_url": args.endpoint_url,
        "signer": SigV4(),
        "mfa_token": mfa_token,
    }


def mfa_token(serial: str) -> str:
    """Ask for an MFA code on the terminal itself, whatever stdin and stdout are."""
    import getpass

    from ec2lite.errors import CredentialsError

    try:
        return getpass.getpass(f"Code of the MFA device {serial}: ")
    except EOFError:
        raise CredentialsError("the MFA code cannot be asked for: there is no terminal") from None


def add_flag(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """Add a three-valued flag: what is not given is not sent."""
    parser.add_argument(name, action=argparse.BooleanOptionalAction, default=None, help=text)


def add_ids(parser: argparse.ArgumentParser) -> None:
    """Add instance ids, as arguments and as the AWS CLI takes them."""
    parser.add_argument(
        "ids",
        nargs="*",
        metavar="ID",
        help="instance ids; file://NAME reads them from a file, - from standard input",
    )
    parser.add_argument(
        "--instance-ids",
        nargs="+",
        action="extend",
        default=[],
        metavar="ID",
        help="more ids, as the AWS CLI takes them",
    )


def ids(args: argparse.Namespace) -> list[str]:
    """Return the ids that were given, those of files and standard input in their places."""
    found: list[str] = []
    for each in [*args.ids, *args.instance_ids]:
        found += _ids_of(each, text(each)) if _is_elsewhere(each) else [each]
    if not found:
        raise UsageError(args.prog, "no instance ids are given")
    return found


def text(argument: str) -> str:
    """Return an argument; ``-`` stands for standard input, ``file://NAME`` for a file's text."""
    if not _is_elsewhere(argument):
        return argument
    try:
        return content(argument).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{_name(argument)} must be UTF-8 text") from None


def content(argument: str) -> bytes:
    """Return the bytes of standard input for ``-``, else those of the file that is named."""
    return _standard_input() if argument == "-" else _file(_name(argument))


def _is_elsewhere(argument: str) -> bool:
    return argument == "-" or argument.startswith("file://")


def _name(argument: str) -> str:
    return "standard input" if argument == "-" else argument.removeprefix("file://")


def _ids_of(argument: str, content: str) -> list[str]:
    """Return ids that are separated by white space, or are a JSON list, as the AWS CLI has it."""
    name = _name(argument)
    found = _json_list(name, content) if content.lstrip().startswith("[") else content.split()
    if not found:
        raise ConfigError(f"{name} must name at least one instance id, but is empty")
    return found


def _json_list(name: str, text: str) -> list[str]:
    import json

    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name} must be ids or a JSON list of ids: {error}") from None
    if not all(isinstance(each, str) for each in value):
        raise ConfigError(f"{name} must be a JSON list of strings")
    return list(value)


def _standard_input() -> bytes:
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - so it is after `<&-`
        raise ConfigError("standard input must be open to read ids from it, but is closed")
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise ConfigError(f"cannot read standard input: {error.strerror}") from None


def _file(name: str) -> bytes:
    from pathlib import Path

    try:
        return Path(name).expanduser().read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot read {name}: {reason}") from None
