"""Run what CI runs, several jobs at once: the README as a newcomer follows it, and nox's sessions.

    .ci/run                      # finds the Pythons, and calls this
    python .ci/jobs.py PYTHON... # the first one also runs nox

Each job works in a copy of the checkout of its own. Its output is shown when it ends: all of it
if it failed, else the end. The exit code is 0 if every job that must succeed did.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent.resolve()
# Tests wait for sockets and child processes now and then: one more job than there are cores.
AT_ONCE = 1 + (os.cpu_count() or 1)
MOST_SECONDS = 40 * 60  # for a job that hangs
LINES_SHOWN = 15
NOX = "nox>=2025.2.9"
NOT_COPIED = (".git", ".venv", ".nox", ".hypothesis", ".*_cache", "__pycache__", ".envs", "mutants")
# What nox runs besides the tests, in the order in which it should begin: the longest first.
SESSIONS = (
    ("coverage",),
    ("types",),
    ("nobotocore",),
    ("lowest",),
    ("bench",),
    ("docs",),
    ("soak", "--", "--calls", "4000"),
    ("fuzz", "--", "-max_total_time=10", "-verbosity=0"),
    ("lint",),
)
RUNNING: set[subprocess.Popen[bytes]] = set()


@dataclass
class Job:
    """Commands of bash, and what came of them."""

    name: str
    commands: list[str]
    path: str = ""
    """Directories that come first in its PATH."""
    must_succeed: bool = True
    code: int = 0
    seconds: float = 0
    log: str = ""
    closing: list[str] = field(default_factory=list)
    """pytest's own last lines."""

    @property
    def verdict(self) -> str:
        """Say how it went."""
        if self.code == 0:
            return "ok"
        return "FAILED" if self.must_succeed else "failed, as it may"


def main(pythons: list[str]) -> int:
    """Run the jobs, and return the exit code."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ec2lite-ci-") as directory:
        work = Path(directory)
        print(f"Pythons: {', '.join(pythons)}", flush=True)
        jobs = [*(newcomer(python, work) for python in pythons), *sessions(pythons[0], work)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                for future in as_completed([pool.submit(carry_out, job, work) for job in jobs]):
                    show(future.result())
            except BaseException:  # Ctrl-C: the pool would wait for its jobs to end by themselves
                pool.shutdown(wait=False, cancel_futures=True)
                end_all()
                raise
    print(f"\n=== In all {time.monotonic() - begun:.0f} s")
    for job in jobs:
        print(f"{job.verdict:18} {job.seconds:5.0f} s  {job.name}  {' '.join(job.closing)}")
    return 1 if any(job.code and job.must_succeed for job in jobs) else 0


def newcomer(python: str, work: Path) -> Job:
    """Return the README's two commands, run by somebody whose python3 is this one.

    They may fail on a Python that is not released yet, or has no GIL: dependencies come late.
    """
    facts = "import sys; print(sys.version.split()[0], *sys.version_info[3:4], sys.abiflags)"
    version, level, *flags = subprocess.check_output([python, "-c", facts], text=True).split()
    bin_directory = work / f"python-{len(list(work.iterdir()))}"
    bin_directory.mkdir()
    python3 = bin_directory / "python3"
    python3.write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
    python3.chmod(0o755)
    return Job(
        f"README on {version} ({python})",
        re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE),
        path=str(bin_directory),
        must_succeed=level == "final" and "t" not in "".join(flags),
    )


def sessions(python: str, work: Path) -> list[Job]:
    """Install nox, and return the jobs that it does."""
    environment = work / "nox"
    subprocess.run([python, "-m", "venv", environment], check=True)
    pip = environment / "bin" / "pip"
    subprocess.run([pip, "install", "--quiet", "--disable-pip-version-check", NOX], check=True)
    path = os.pathsep.join([str(environment / "bin"), str(Path(python).parent)])
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    on_the_wheel = (f"tests-{version}", "--", "tests/test_public.py", "tests/cli/test_main.py")
    return [
        Job(f"nox -s {session[0]}", [f"nox -s {' '.join(session)}"], path)
        for session in (*SESSIONS, on_the_wheel)
    ]


def carry_out(job: Job, work: Path) -> Job:
    """Run a job in a copy of the checkout."""
    place = Path(tempfile.mkdtemp(dir=work))
    shutil.copytree(ROOT, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
    print(f"\n=== Begin: {job.name}", flush=True)
    begun = time.monotonic()
    with (place / ".log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", "\n".join(job.commands)],
            cwd=place,
            env={**os.environ, "PATH": os.pathsep.join([job.path, os.environ["PATH"]])},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        RUNNING.add(process)
        try:
            job.code = process.wait(MOST_SECONDS)
        except subprocess.TimeoutExpired:
            job.code = 1
            log.write(b"\nIt took too long, and was ended.\n")
        end(process)
    job.seconds = time.monotonic() - begun
    job.log = (place / ".log").read_text("utf-8", "replace")
    job.closing = re.findall(
        r"^(?:=+ )?(\d+ (?:passed|failed).* in [^=\n]+?)(?: =+)?$", job.log, re.MULTILINE
    )
    shutil.rmtree(place, ignore_errors=True)
    return job


def show(job: Job) -> None:
    """Print what a job wrote."""
    lines = job.log.rstrip().splitlines()
    shown = lines if job.code else lines[-LINES_SHOWN:]
    print(
        f"\n=== {job.name}: {job.verdict} after {job.seconds:.0f} s", *shown, sep="\n", flush=True
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a job's processes, its children included."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    RUNNING.discard(process)


@atexit.register
def end_all() -> None:
    """Leave nothing running, however this ends."""
    for process in list(RUNNING):
        end(process)


if __name__ == "__main__":
    # So that the `finally` and `atexit` parts run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
