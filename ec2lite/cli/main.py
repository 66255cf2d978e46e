"""The command line: argparse over ``Client``.

Options are named as the AWS CLI names them. Results go to stdout, an error is one line on stderr.
Exit codes: 0 done; 1 the service said no, or did not answer; 2 usage, configuration or credentials;
130 interrupted.

A command is a function that adds its arguments to a parser, a function that carries it out, and a
line in ``COMMANDS``. What a command needs is imported when it runs: ``--help`` costs nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import ec2lite
from ec2lite.errors import ConfigError, CredentialsError, EC2Error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ec2lite.client import Client
    from ec2lite.engine.dry_run import DryRunResult
    from ec2lite.models import InstanceStateChange

DONE, SAID_NO, MISUSED, INTERRUPTED = 0, 1, 2, 130


class Command(NamedTuple):
    """A word after ``ec2lite``."""

    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    """Carries it out and returns the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, the process's own by default, and return its exit code."""
    try:
        command, args = _parse(sys.argv[1:] if argv is None else argv)
        return command.run(args)
    except SystemExit as end:  # argparse's way to end, after --help, --version and wrong usage
        _say(end="")
        return MISUSED if end.code else DONE
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except (ConfigError, CredentialsError) as error:
        return _fail(str(error), MISUSED)
    except EC2Error as error:
        return _fail(str(error), SAID_NO)


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSED, f"{self.prog}: {_one_line(message)}; see {self.prog} --help\n")


def _parse(argv: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """Find the command and its arguments.

    In two steps rather than by subparsers, which refuse ``stop i-1 --force i-2``.
    """
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:{width}}  {each.summary}" for name, each in COMMANDS.items())
    parser = _Parser(
        prog="ec2lite",
        description=ec2lite.__doc__.partition("\n")[0] if ec2lite.__doc__ else None,
        epilog=f"commands:\n{commands}\n\n`ec2lite COMMAND --help` tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ec2lite {ec2lite.__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below")
    rest = parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    rest.required = False
    first = parser.parse_args(argv)
    command = COMMANDS[first.command]
    # No abbreviations: they would break when an option is added, and --f should not mean --force.
    own = _Parser(
        prog=f"ec2lite {first.command}", description=f"{command.summary}.", allow_abbrev=False
    )
    command.add_arguments(own)
    return command, own.parse_intermixed_args(first.arguments)


def _add_client_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("where")
    where.add_argument("--region", metavar="NAME", help="such as eu-west-1; else AWS_REGION")
    where.add_argument("--profile", metavar="NAME", help="of ~/.aws/config; else AWS_PROFILE")
    where.add_argument("--endpoint-url", metavar="URL", help="another service of EC2's protocol")
    parser.add_argument("--json", action="store_true", help="print JSON, as boto3 has it")


def _client(args: argparse.Namespace) -> Client:
    from ec2lite.client import Client

    return Client(
        args.region, profile=args.profile, endpoint_url=args.endpoint_url, mfa_token=_mfa_token
    )


def _mfa_token(serial: str) -> str:
    import getpass

    # On the terminal itself, whatever stdin and stdout are; as the AWS CLI asks.
    try:
        return getpass.getpass(f"Code of the MFA device {serial}: ")
    except EOFError:
        raise CredentialsError("there is no terminal to ask for the MFA code on") from None


def _add_id_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="ids of instances")
    parser.add_argument(
        "--instance-ids",
        nargs="+",
        action="extend",
        default=[],
        metavar="ID",
        help="more ids, as the AWS CLI takes them",
    )


def _add_flag(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """Add a three-valued flag: what is not given is not sent."""
    parser.add_argument(name, action=argparse.BooleanOptionalAction, default=None, help=text)


def _add_stop_arguments(parser: argparse.ArgumentParser) -> None:
    _add_id_arguments(parser)
    _add_flag(parser, "--hibernate", "write memory to disk first")
    _add_flag(parser, "--force", "shut down gracefully, then hard")
    _add_flag(parser, "--skip-os-shutdown", "do not wait for the operating system to shut down")
    _add_flag(parser, "--dry-run", "only ask whether it would be allowed: exit code 0 yes, 1 no")
    _add_client_arguments(parser)


def _stop(args: argparse.Namespace) -> int:
    from ec2lite.operations.stop_instances import StopInstances

    ids = [*args.ids, *args.instance_ids]
    request = StopInstances(ids, args.hibernate, args.force, args.skip_os_shutdown, args.dry_run)
    with _client(args) as ec2:
        if args.dry_run:
            return _show_permission(ec2.dry_run(request), as_json=args.json)
        result = ec2.send(request)
    if args.json:
        _say_json(result.to_dict())
    else:
        _say(_changes(result.stopping_instances))
    return DONE


def _whoami(args: argparse.Namespace) -> int:
    import attrs

    from ec2lite.credentials.whoami import whoami

    identity = whoami(
        args.region, profile=args.profile, endpoint_url=args.endpoint_url, mfa_token=_mfa_token
    )
    facts = attrs.asdict(identity)
    if args.json:
        _say_json({name.capitalize(): value for name, value in facts.items()})
    else:
        _say(_table([(name, value or "-") for name, value in facts.items()]))
    return DONE


def _add_no_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def _demo(args: argparse.Namespace) -> int:
    from ec2lite.cli import demo

    del args
    demo.run(_say)
    return DONE


COMMANDS = {
    "stop": Command("Stop instances", _add_stop_arguments, _stop),
    "whoami": Command("Show whose credentials are at work", _add_client_arguments, _whoami),
    "demo": Command("See it at work on an embedded EC2, away from AWS", _add_no_arguments, _demo),
}


def _show_permission(result: DryRunResult, *, as_json: bool) -> int:
    if as_json:
        _say_json(
            {
                "Allowed": result.allowed,
                "Code": result.code,
                "Message": result.message,
                "RequestId": result.request_id,
            }
        )
    else:
        answer = "allowed" if result.allowed else "not allowed"
        _say(f"{answer}: {_one_line(result.message)} ({_one_line(result.code)})")
    return DONE if result.allowed else SAID_NO


def _changes(changes: Sequence[InstanceStateChange]) -> str:
    rows = [
        (change.instance_id, change.previous_state.name, change.current_state.name)
        for change in changes
    ]
    return _table([("INSTANCE", "BEFORE", "NOW"), *rows])


def _table(rows: list[tuple[str, ...]]) -> str:
    """Return rows as text, in columns as wide as they need to be."""
    shown = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    )


def _one_line(text: str) -> str:
    """Return the text in one line that does nothing to a terminal: some of it is a stranger's."""
    line = "; ".join(line.strip() for line in text.splitlines()).replace(":; ", ": ")
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


def _fail(message: str, code: int) -> int:
    # The messages are the library's, which takes a Region by argument.
    message = message.replace("pass region=", "use --region")
    print(f"ec2lite: {_one_line(message)}", file=sys.stderr)
    return code


def _say_json(value: dict[str, Any]) -> None:
    import json

    _say(json.dumps(value, indent=2))


def _say(text: str = "", end: str = "\n") -> None:
    """Print to stdout, if there is one, escaping what its encoding does not have.

    Nobody who reads (`| head`) is no trouble: the work goes on, and the exit code is the work's.
    Other trouble ends the command: not with 1, for the service may have done what it was asked.
    """
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] - so it is after `>&-`
        return
    encoding = sys.stdout.encoding
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), end=end, flush=True)
    except OSError as error:
        # Or Python would try again at its end, and fail.
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - pathlib would be one more import
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise SystemExit(_fail(f"cannot write the output: {error.strerror}", MISUSED)) from None
