"""Many calls against a server with faults: nothing may leak, and nothing may be lost.

    python tests/soak.py --calls 200000

Half of the calls go through threads and a Client, half through tasks and an AsyncClient, to a
server in a process of its own that spoils one request in twenty. Printed at the end: memory,
descriptors and tasks along the way, and the number of distinct calls that either side counted. The
exit code says whether they agree.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ec2lite

FAULTS = 0.05
PAGE = os.sysconf("SC_PAGE_SIZE")
MOST_GROWTH = 8.0  # MiB: what an allocator may keep for itself
ITEM = (
    b"<item><instanceId>i-1234567890abcdef0</instanceId>"
    b"<currentState><code>64</code><name>stopping</name></currentState>"
    b"<previousState><code>16</code><name>running</name></previousState></item>"
)
GOOD = b"<StopInstancesResponse><instancesSet>" + ITEM + b"</instancesSet></StopInstancesResponse>"
THROTTLED = (
    b"<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>no</Message></Error>"
    b"</Errors><RequestID>r</RequestID></Response>"
)


def answer(status: int, body: bytes, length: int | None = None) -> bytes:
    """Return the bytes of an HTTP answer, with a wrong length if one is given."""
    length = len(body) if length is None else length
    return f"HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n".encode() + body


class Server:
    """Answers, and spoils some answers; ``GET`` asks how many distinct calls it has seen."""

    def __init__(self, seed: int) -> None:
        self.calls: set[bytes] = set()
        self.requests = 0
        self.dice = random.Random(seed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, until a fault or its end."""
        try:
            while await self.one(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; return whether the connection goes on."""
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET"):
            writer.write(answer(200, f"{len(self.calls)} {self.requests}".encode()))
            return True
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
        fields = {name.lower(): value for name, value in fields.items()}
        await reader.readexactly(int(fields[b"content-length"]))
        self.calls.add(fields[b"amz-sdk-invocation-id"])
        self.requests += 1
        if self.dice.random() >= FAULTS:
            writer.write(answer(200, GOOD))
            return True
        return self.spoil(writer)

    def spoil(self, writer: asyncio.StreamWriter) -> bool:
        """Do one thing that breaks; return whether the connection goes on."""
        fault = self.dice.randrange(6)
        if fault == 0:  # closed without a byte
            return False
        if fault == 1:  # a good answer, and the connection is dropped behind it
            writer.write(answer(200, GOOD))
            return False
        if fault == 2:  # cut short
            writer.write(answer(200, GOOD[:60], length=len(GOOD)))
            return False
        if fault == 3:  # reset in the middle of the head
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-le")
            writer.transport.abort()
            return False
        writer.write(answer(503, THROTTLED) if fault == 4 else answer(500, b""))
        return True


async def run_server() -> None:
    """Serve until standard input ends; print the port first."""
    server = await asyncio.start_server(Server(seed=1).serve, "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


class Watch:
    """Looks at the process once in a while."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.outcomes: Counter[str] = Counter()
        self.rows: list[tuple[int, float, int, int]] = []
        self.lock = threading.Lock()

    def count(self, outcome: str) -> None:
        """Count one call that ended."""
        with self.lock:
            self.outcomes[outcome] += 1
            if self.outcomes.total() % self.every == 0:
                self.look()

    def look(self) -> None:
        """Note memory in MiB, descriptors, and tasks or threads."""
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        try:
            busy = len(asyncio.all_tasks())
        except RuntimeError:
            busy = threading.active_count()
        self.rows.append((self.outcomes.total(), resident, descriptors, busy))


def settings(port: int) -> dict[str, object]:
    """Return what both clients are made with: fast retries, so that the soak is no wait."""
    return {
        "region": "eu-west-1",
        "endpoint_url": f"http://127.0.0.1:{port}",
        "credentials": ec2lite.Credentials("AKIDEXAMPLE", "secret"),
        "retry": ec2lite.StandardRetry(dice=lambda: 0.001),
    }


def soak_threads(port: int, calls: int, watch: Watch, threads: int = 16) -> None:
    """Make the calls in threads that share a client."""
    with ec2lite.Client(**settings(port)) as ec2, ThreadPoolExecutor(threads) as pool:

        def work(count: int) -> None:
            for _ in range(count):
                try:
                    ec2.stop_instances("i-1234567890abcdef0")
                    watch.count("result")
                except ec2lite.EC2Error as error:
                    watch.count(type(error).__name__)

        for done in [pool.submit(work, calls // threads) for _ in range(threads)]:
            done.result()


async def soak_tasks(port: int, calls: int, watch: Watch, tasks: int = 50) -> None:
    """Make the calls in tasks that share a client."""
    async with ec2lite.AsyncClient(**settings(port)) as ec2, asyncio.TaskGroup() as group:

        async def work(count: int) -> None:
            for _ in range(count):
                try:
                    await ec2.stop_instances("i-1234567890abcdef0")
                    watch.count("result")
                except ec2lite.EC2Error as error:
                    watch.count(type(error).__name__)

        for _ in range(tasks):
            group.create_task(work(calls // tasks))


def ask(port: int) -> tuple[int, int]:
    """Ask the server for its distinct calls and its requests."""
    import httpx

    calls, requests = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).text.split()
    return int(calls), int(requests)


def growth(rows: list[tuple[int, float, int, int]]) -> float:
    """Return by how many MiB memory grew after the first fifth, which is the warm-up."""
    settled = rows[len(rows) // 5 :]
    return settled[-1][1] - settled[0][1]


def report(name: str, watch: Watch, seconds: float) -> bool:
    """Print what was seen; return whether memory and descriptors stayed flat."""
    print(f"{name}: {dict(watch.outcomes)} in {seconds:.0f} s")
    for calls, resident, descriptors, busy in watch.rows:
        print(
            f"  {calls:>8} calls  {resident:7.1f} MiB  {descriptors:4} descriptors  {busy:4} busy"
        )
    first, last = watch.rows[0], watch.rows[-1]
    print(f"  growth after warm-up: {growth(watch.rows):+.1f} MiB")
    return growth(watch.rows) < MOST_GROWTH and last[2] <= first[2] + 2


def main() -> int:
    """Run the soak; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(run_server())
        return 0
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        good = True
        made = 0
        for name in ("threads", "tasks"):
            watch = Watch(every=max(1, options.calls // 20))
            began = time.monotonic()
            if name == "threads":
                soak_threads(port, options.calls // 2, watch)
            else:
                asyncio.run(soak_tasks(port, options.calls // 2, watch))
            good &= report(name, watch, time.monotonic() - began)
            made += watch.outcomes.total()
        seen, requests = ask(port)
    print(f"calls made {made}, distinct calls the server saw {seen}, requests {requests}")
    return 0 if good and made == seen else 1


if __name__ == "__main__":
    sys.exit(main())
