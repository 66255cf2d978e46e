"""A loopback EC2 that costs next to nothing: canned answers, as many items as the request has ids.

It prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import functools
import re
import sys

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml;charset=UTF-8\r\nContent-Length: %d\r\n\r\n"
ITEM = (
    "<item><instanceId>i-%017x</instanceId>"
    "<currentState><code>64</code><name>stopping</name></currentState>"
    "<previousState><code>16</code><name>running</name></previousState></item>"
)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def document(count: int) -> bytes:
    """The answer of StopInstances for so many instances, as EC2 writes it."""
    items = "\n".join(ITEM % index for index in range(count))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<StopInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</requestId>"
        f"<instancesSet>{items}</instancesSet></StopInstancesResponse>"
    ).encode()


@functools.cache
def answer(count: int) -> bytes:
    body = document(count)
    return HEAD % len(body) + body


class Connection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = bytearray()

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        length = LENGTH.search(self.received, 0, end)
        end += int(length[1]) if length else 0
        if len(self.received) >= end:
            count = self.received.count(b"InstanceId.", 0, end)
            del self.received[:end]
            self.transport.write(answer(count))


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
