"""What the command line prints: results on stdout, errors on stderr, both safe for a terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

from ec2lite.errors import CredentialsError, ServiceError, WaiterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from ec2lite.engine.dry_run import DryRunResult
    from ec2lite.operations.shapes import InstanceStateChange

DONE: Final = 0
SAID_NO: Final = 1
MISUSED: Final = 2
INTERRUPTED: Final = 130


class OutputError(Exception):
    """The output could not be written. It never ends in 1: the service may have done its part."""


class Interrupted(Exception):  # noqa: N818 - its name is the code that --json shows
    """Ctrl-C, as something to print."""


def say(text: str = "", end: str = "\n") -> None:
    """Print to stdout, if there is one.

    A closed pipe (``| head``) is not an error: the command finishes, and its exit code reports the
    work. Another failure raises ``OutputError``.
    """
    error = _write(sys.stdout, text + end)
    if error is not None and not isinstance(error, BrokenPipeError):
        raise OutputError(f"cannot write the output: {error.strerror}")


def say_json(value: dict[str, Any]) -> None:
    """Print a value as JSON."""
    import json

    say(json.dumps(value, indent=2, default=_json_value))


def say_line(value: dict[str, Any]) -> None:
    """Print a value as JSON in one line."""
    import json

    say(json.dumps(value, default=_json_value))


def _json_value(value: Any) -> str:  # noqa: ANN401 - what JSON lacks
    """Return a time as the AWS CLI prints it."""
    return str(value.isoformat())


def complain(text: str) -> None:
    """Print to stderr, if it can be written; nothing can be said where it cannot."""
    _write(sys.stderr, text)


def stamp() -> str:
    """Return the time, for a line of a log."""
    from datetime import UTC, datetime

    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def can_rewrite() -> bool:
    """Return whether stderr is a terminal on which a line can be written again."""
    # It is None after `2>&-`; a terminal that cannot move its cursor is called dumb.
    is_terminal = sys.stderr is not None and sys.stderr.isatty()  # pyright: ignore[reportUnnecessaryComparison] - see above
    return is_terminal and os.environ.get("TERM") != "dumb"


def rewrite(line: str) -> None:
    """Write the last line of the terminal again, as much of it as there is room for."""
    import shutil

    width = shutil.get_terminal_size().columns - 1
    complain(f"\r{line[:width]}\x1b[K")


def warn(message: Warning | str, *_: object, **__: object) -> None:
    """Print a warning on stderr. (It takes the place of ``warnings.showwarning``.)."""
    complain(f"ec2lite: warning: {one_line(str(message))}\n")


def fail(error: Exception, code: int, *, as_json: bool) -> int:
    """Print an error, and return the exit code."""
    if as_json:
        import json

        complain(f"{json.dumps(_error_dict(error, code))}\n")
    else:
        complain(f"ec2lite: {_error_text(error)}\n")
    return code


def _error_text(error: Exception) -> str:
    """Return an error in one line; each provider or instance that it tells of has its own."""
    text = _in_our_words(str(error))
    if _is_partial(error):
        return "\n".join([one_line(text), *(f"  {one_line(each)}" for each in error.__notes__)])
    if isinstance(error, CredentialsError | WaiterError | Interrupted):
        first, *reasons = text.splitlines()
        return "\n".join([one_line(first), *(f"  {one_line(each)}" for each in reasons)])
    return one_line(text)


def _error_dict(error: Exception, code: int) -> dict[str, Any]:
    members = error_members(error)
    if _is_partial(error):
        members["Message"] = "\n".join([members["Message"], *error.__notes__])
    return {
        "Error": members,
        "RequestId": getattr(error, "request_id", None),
        "ExitCode": code,
    }


def error_members(error: Exception) -> dict[str, str]:
    """Return an error's code and message, as AWS's errors have them."""
    if isinstance(error, ServiceError):
        return {"Code": error.code, "Message": error.message}
    return {"Code": type(error).__name__, "Message": _in_our_words(str(error))}


def _is_partial(error: Exception) -> bool:
    """Whether an error ended work on many instances, and a note says how to go on."""
    return getattr(error, "partial", None) is not None and hasattr(error, "__notes__")


def _in_our_words(message: str) -> str:
    # The library's messages name its arguments; a person at a terminal gives options.
    return message.replace("pass region=", "use --region")


def permission(result: DryRunResult, *, as_json: bool) -> int:
    """Print a dry run's answer, and return the exit code that says the same."""
    if as_json:
        say_json(
            {
                "Allowed": result.allowed,
                "Code": result.code,
                "Message": result.message,
                "RequestId": result.request_id,
            }
        )
    else:
        answer = "allowed" if result.allowed else "not allowed"
        say(f"{answer}: {one_line(result.message)} ({one_line(result.code)})")
    return DONE if result.allowed else SAID_NO


def changes(changes: Sequence[InstanceStateChange]) -> list[tuple[str, ...]]:
    """Return the rows of what happened to each instance."""
    rows = [
        (change.instance_id, change.previous_state.name, change.current_state.name)
        for change in changes
    ]
    return [("INSTANCE", "BEFORE", "NOW"), *rows]


def merged(pages: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return pages as one: their lists joined, the metadata that of the last."""
    whole: dict[str, Any] = {}
    for page in pages:
        for name, value in page.items():
            whole[name] = whole.get(name, []) + value if isinstance(value, list) else value
    whole.pop("NextToken", None)
    return whole


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as text, in columns as wide as they need to be."""
    shown = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    )


def one_line(text: str) -> str:
    """Return a text in one line, with what a terminal would obey escaped: AWS's texts too."""
    line = "; ".join(line.strip() for line in text.splitlines()).replace(":; ", ": ")
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


def _write(stream: TextIO | None, text: str) -> OSError | None:
    """Write to a stream, escaping what its encoding lacks, and return what failed."""
    if stream is None:  # so it is after `>&-`
        return None
    encoding = stream.encoding
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        # Python flushes once more when it ends, and would fail and change the exit code.
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - pathlib would be one more import
            os.dup2(nowhere.fileno(), stream.fileno())
        return error
    return None
