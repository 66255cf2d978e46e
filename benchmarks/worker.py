"""One rival in a process of its own: it measures what it is told to, a line of JSON each way.

Staying alive between measurements, it is warm for each, and ``run.py`` can take turns.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import sys
import time
import tracemalloc


def ids_of(count):
    return [f"i-{index:017x}" for index in range(count)]


class Worker:
    def __init__(self, rival: str, url: str) -> None:
        self.rival = importlib.import_module(f"rivals.{rival}")
        self.url = url
        self.call = None

    def cpu(self, ids, calls):
        """CPU seconds of a call, in this process: user and system, without the server's."""
        self.call = self.call or self.rival.sync(self.url)
        some = ids_of(ids)
        for _ in range(3):
            self.call(some)
        gc.collect()
        begin = time.process_time()
        for _ in range(calls):
            self.call(some)
        return (time.process_time() - begin) / calls

    def rate(self, concurrency, calls):
        """Calls a second, with so many at once all the time: by the clock, and of CPU time.

        The client is one thread that is always busy, so that both say the same on an idle machine;
        the second is not disturbed by neighbours.
        """
        return asyncio.run(self._rate(concurrency, calls))

    async def _rate(self, concurrency, calls):
        async with self.rival.concurrent(self.url, concurrency) as call:
            some, left = ids_of(1), 0

            async def caller():
                nonlocal left
                while left > 0:
                    left -= 1
                    await call(some)

            async def callers(total):
                nonlocal left
                left = total
                await asyncio.gather(*(caller() for _ in range(concurrency)))

            await callers(concurrency)  # opens the connections
            gc.collect()
            begin, cpu = time.perf_counter(), time.process_time()
            await callers(calls)
            return calls / (time.perf_counter() - begin), calls / (time.process_time() - cpu)

    def clients(self, count):
        """Bytes that a further client takes, before it makes a call."""
        keep = [self.rival.client(number) for number in range(2)]
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        keep += [self.rival.client(number) for number in range(count)]
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        del keep
        return taken / count


def main() -> None:
    worker = Worker(*sys.argv[1:3])
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps(getattr(worker, command.pop("measure"))(**command)), flush=True)


if __name__ == "__main__":
    main()
