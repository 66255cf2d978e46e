"""The command line's entry: find the command, run it, turn what happens into an exit code.

Exit codes: 0 done; 1 the service said no, or did not answer; 2 usage, configuration or credentials;
130 interrupted.

A command is a module of this package with two functions, ``add_arguments(parser)`` and
``run(args)``, and a line in ``COMMANDS``. Only the module of the command that runs is imported, and
each imports what it needs when it runs: ``--help`` stays quick.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings
from typing import TYPE_CHECKING, Protocol, cast

import ec2lite
from ec2lite.cli import options, output
from ec2lite.errors import ConfigError, CredentialsError, EC2Error

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "stop": "Stop instances",
    "start": "Start instances",
    "reboot": "Reboot instances",
    "terminate": "Terminate instances for ever",
    "describe": "Show instances",
    "wait": "Wait until instances are running, stopped, terminated or pass their status checks",
    "status": "Show status checks and scheduled events",
    "protect": "Protect instances from being stopped or terminated",
    "unprotect": "Take such protection away",
    "explain": "Show what a command would send, or what an answer means; nothing is sent",
    "explain-denial": "Decode what AWS says about a denied request",
    "whoami": "Show whose credentials are used",
    "fake": "Serve a fake EC2 on this machine, for programs in any language",
    "demo": "Try ec2lite on a fake EC2 in this process, without AWS",
}


class Command(Protocol):
    """A module of this package that is a command."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""
        ...

    @staticmethod
    def run(args: argparse.Namespace) -> int:
        """Carry the command out, and return the exit code."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, by default the process's own, and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    error: Exception
    try:
        return _run(arguments)
    except KeyboardInterrupt as stop:
        # A wait notes how far it has come.
        said = ["interrupted", *getattr(stop, "__notes__", ())]
        code, error = output.INTERRUPTED, output.Interrupted("\n".join(said))
    except (ConfigError, CredentialsError, output.OutputError) as caught:
        code, error = output.MISUSED, caught
    except EC2Error as caught:
        code, error = output.SAID_NO, caught
    return output.fail(error, code, as_json=options.wants_json(arguments))


def _run(arguments: list[str]) -> int:
    before, name, after = options.split(arguments)
    try:
        if name not in COMMANDS:
            return _refuse(before, name)
        command = _command(name)
        parser = options.Parser(
            prog=f"ec2lite {name}", description=f"{COMMANDS[name]}.", allow_abbrev=False
        )
        parser.set_defaults(prog=parser.prog)
        args = _parsed(command, parser, [*before, *after])
    except SystemExit:  # argparse has printed what --help or --version asked for
        output.say(end="")
        return output.DONE
    with warnings.catch_warnings():
        # Such as a filter's name that EC2 does not have; Python would show a line of our source.
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = output.warn
        return command.run(args)


def _parsed(command: Command, parser: options.Parser, arguments: list[str]) -> argparse.Namespace:
    # `explain` takes another command, and that one's arguments.
    parse = getattr(command, "parse", None)
    if parse is not None:
        return cast("argparse.Namespace", parse(parser, arguments))
    command.add_arguments(parser)
    return parser.parse_intermixed_args(arguments)


def _command(name: str) -> Command:
    module = importlib.import_module(f"ec2lite.cli.{name.replace('-', '_')}")
    return cast("Command", module)


def _refuse(options_before: list[str], name: str | None) -> int:
    """Do what --help and --version ask for; else say that a command is missing or unknown."""
    parser = _main_parser()
    parser.parse_args(options_before)
    if name is not None:
        parser.error(_unknown(name))
    output.complain(parser.format_help())
    return output.MISUSED


def _unknown(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{name!r} is not a command{hint}"


def _main_parser() -> options.Parser:
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:{width}}  {summary}" for name, summary in COMMANDS.items())
    parser = options.Parser(
        prog="ec2lite",
        usage="ec2lite [--help] [--version] [OPTION ...] COMMAND [ARGUMENT ...]",
        description=ec2lite.__doc__.partition("\n")[0] if ec2lite.__doc__ else None,
        epilog=f"commands:\n{commands}\n\n`ec2lite COMMAND --help` shows a command's options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    version = f"ec2lite {ec2lite.__version__}"
    parser.add_argument("-V", "--version", action="version", version=version)
    options.add_client(parser)
    return parser
