"""How long a cold process's first async call holds up its event loop.

    python benchmarks/first_call.py [--rounds N] [--smoke]

A task sleeps for a millisecond again and again, and measures how late it wakes, from the making of
the client to the end of its first call, or of twenty first calls at once. Each measurement is a
process of its own; the service is on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = (
    b"<StopInstancesResponse><instancesSet><item><instanceId>i-1</instanceId><currentState><code>64"
    b"</code><name>stopping</name></currentState><previousState><code>16</code><name>running</name>"
    b"</previousState></item></instancesSet></StopInstancesResponse>"
)


async def gap(url: str, calls: int) -> float:
    """Return the longest delay of the ticking task, in milliseconds."""
    import ec2lite

    keys = ec2lite.Credentials("a", "b")
    client = ec2lite.AsyncClient("eu-west-1", endpoint_url=url, credentials=keys)
    late = [0.0]

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            late.append(time.perf_counter() - before - 0.001)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.02)
    late.clear()
    await asyncio.gather(*(client.stop_instances("i-1") for _ in range(calls)))
    await asyncio.sleep(0.005)
    ticking.cancel()
    await client.close()
    return max(late) * 1000


class Handler(BaseHTTPRequestHandler):
    """Answers that the instance stops."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *args: object) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("URL", "CALLS"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(asyncio.run(gap(args.one[0], int(args.one[1]))))
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    for calls in (1, 20):
        command = [sys.executable, __file__, "--one", url, str(calls)]
        found = [
            float(subprocess.check_output(command)) for _ in range(1 if args.smoke else args.rounds)
        ]
        print(
            f"{calls:2} first calls at once: the longest gap is {statistics.median(found):.1f} ms "
            f"({min(found):.1f} to {max(found):.1f})"
        )


if __name__ == "__main__":
    main()
