"""The processes of a run: the server, the workers, and programs that start cold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def environment() -> dict[str, str]:
    """This environment, without what AWS's tools and proxies would read from it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("AWS_")
        and not name.lower().endswith("_proxy")
        # Who starts cold every time finds its byte code compiled all the same.
        and name != "PYTHONDONTWRITEBYTECODE"
    }
    # The path serves smoke runs, in which ec2lite need not be installed.
    path = os.pathsep.join(filter(None, [str(HERE), kept.get("PYTHONPATH")]))
    return kept | {"AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": path}


class Server:
    """The loopback EC2, as a context manager that gives its URL."""

    def __enter__(self) -> str:
        self._process = subprocess.Popen(
            [sys.executable, HERE / "server.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        return f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


class Worker:
    """One rival's process."""

    def __init__(self, python: str, rival: str, url: str) -> None:
        self._process = subprocess.Popen(
            [python, HERE / "worker.py", rival, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def measure(self, command: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(command), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker ended: {self._process.args!r}")
        return json.loads(line)

    def close(self) -> None:
        self._process.communicate()


def cold(python: str, program: str, url: str) -> tuple[float, float, float]:
    """Run a program; return seconds by the clock, of CPU, and bytes of memory at its peak."""
    begin = time.perf_counter()
    # In a directory without an ec2lite, which `-c` would import.
    process = subprocess.Popen(
        [python, "-c", program, url], env=environment(), cwd=HERE, stdout=subprocess.DEVNULL
    )
    # wait4, for it tells the peak. A child's peak counts its parent's size at the fork, so this
    # process imports nothing large.
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"a cold start failed: {program}")
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return taken, usage.ru_utime + usage.ru_stime, peak


def import_time(python: str, module: str) -> float:
    """Return the seconds that an import takes in a Python that has just started."""
    program = (
        "import time; begin = time.perf_counter(); "
        f"import {module}; print(time.perf_counter() - begin)"
    )
    done = subprocess.run(
        [python, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
        cwd=HERE,
    )
    return float(done.stdout)


def run_script(python: str, name: str, *arguments: str) -> None:
    """Run another script of this directory."""
    subprocess.run([python, HERE / name, *arguments], check=True, env=environment(), cwd=HERE)
