"""What the command line shows of work on many instances: a bar, or a line now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ec2lite.cli import output

if TYPE_CHECKING:
    from ec2lite.bulk.progress import BatchProgress

_WIDTH: Final = 20
# Where no bar can be drawn there are so many lines in all.
_LINES: Final = 10


class Bar:
    """Shows how far the work has come, with its rate and the time that remains."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet: bool = quiet
        self._draws = not quiet and output.can_rewrite()
        self._says = not quiet and not self._draws
        self._said = 0

    def tell(self, progress: BatchProgress) -> None:
        """Draw the bar again, or add a line if another tenth is done."""
        if self._draws:
            output.rewrite(f"[{_drawn(progress)}] {_figures(progress)}")
            return
        tenth = progress.done * _LINES // max(progress.total, 1)
        if self._says and tenth > self._said:
            self._said = tenth
            output.complain(f"{output.stamp()} {_figures(progress)}\n")

    def end(self) -> None:
        """Clear the bar."""
        if self._draws:
            output.rewrite("")


def _drawn(progress: BatchProgress) -> str:
    full = _WIDTH * progress.done // max(progress.total, 1)
    return "#" * full + "." * (_WIDTH - full)


def _figures(progress: BatchProgress) -> str:
    said = [f"{progress.done} of {progress.total}"]
    if progress.rate is not None and progress.remaining is not None:
        said += [f"{progress.rate:.1f}/s", f"{duration(progress.remaining)} left"]
    return ", ".join(said)


def duration(seconds: float) -> str:
    """Return a time in the two largest units that it has."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
