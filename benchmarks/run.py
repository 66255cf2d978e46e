"""Measure ec2lite against its rivals: `python benchmarks/run.py`, or `nox -s bench`.

Takes some ten minutes and writes docs/benchmarks/. ``--smoke`` takes less than one, installs and
writes nothing, and shows only that everything still runs.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import environments
import measures
import programs
import report
from processes import Server, Worker, cold, import_time, run_script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from measures import Measure

DOCS = Path(__file__).parent.parent / "docs" / "benchmarks"


class Run:
    def __init__(self, url: str, pythons: dict[str, str], rounds: int, *, smoke: bool) -> None:
        self.url = url
        self.pythons = pythons
        self.rounds = rounds
        self.smoke = smoke
        self._workers: dict[str, Worker] = {}
        self.summaries: dict[str, Any] = {}

    def available(self, rivals: tuple[str, ...]) -> list[str]:
        return [rival for rival in rivals if environments.RIVALS[rival][0] in self.pythons]

    def python(self, rival: str) -> str:
        return self.pythons[environments.RIVALS[rival][0]]

    def worker(self, rival: str) -> Worker:
        if rival not in self._workers:
            self._workers[rival] = Worker(self.python(rival), rival, self.url)
        return self._workers[rival]

    def close(self) -> None:
        for worker in self._workers.values():
            worker.close()

    def take(
        self, kinds: tuple[Measure, ...], sample: Callable[[str], float | Sequence[float]]
    ) -> None:
        """Measure every rival once a round; a sample has a value for each of the measures."""
        rivals = self.available(kinds[0].rivals)
        samples: list[report.Samples] = [{rival: [] for rival in rivals} for _ in kinds]
        for number in range(self.rounds + 1):
            for rival in _turn(rivals, number):
                values = sample(rival)
                if number:  # the first round only warms up
                    several = [values] if isinstance(values, float) else values
                    for each, value in zip(samples, several, strict=True):
                        each[rival].append(value)
        for measure, each in zip(kinds, samples, strict=True):
            self.summaries[measure.key] = done = report.summary(measure, each)
            print(report.table([done]), flush=True)

    def warm(self, kinds: tuple[Measure, ...]) -> None:
        command = dict(kinds[0].command or {})
        if self.smoke:
            command["calls"] = max(5, command["calls"] // 30)
        self.take(kinds, lambda rival: self.worker(rival).measure(command))

    def cold(self) -> None:
        kinds = (measures.COLD_START, measures.COLD_CPU, measures.PEAK)
        self.take(kinds, lambda rival: cold(self.python(rival), programs.PROGRAMS[rival], self.url))

    def commands(self) -> None:
        kinds = (
            measures.COMMAND,
            measures.COMMAND_CPU,
            measures.COMMAND_BY_BOTO,
            measures.COMMAND_PEAK,
        )

        def sample(rival: str) -> tuple[float, ...]:
            clock, cpu, peak = cold(self.python(rival), programs.PROGRAMS[rival], self.url)
            return clock, cpu, cpu, peak

        self.take(kinds, sample)

    def imports(self) -> None:
        self.take(
            (measures.IMPORT,),
            lambda rival: import_time(self.python(rival), programs.MODULES[rival]),
        )

    def clients(self) -> None:
        # boto3's clients take long to make, and megabytes.
        counts = {"boto": 5 if self.smoke else 20}
        usual = 50 if self.smoke else 1000
        samples = {
            rival: [self.fresh(rival, {"measure": "clients", "count": counts.get(rival, usual)})]
            for rival in self.available(measures.CLIENTS.rivals)
        }
        self.summaries["clients"] = done = report.summary(measures.CLIENTS, samples)
        print(report.table([done]), flush=True)

    def fresh(self, rival: str, command: dict[str, Any]) -> float:
        """Measure in a process that has done nothing else."""
        worker = Worker(self.python(rival), rival, self.url)
        try:
            return float(worker.measure(command))
        finally:
            worker.close()

    def growth(self) -> dict[str, Any]:
        most = 100 if self.smoke else 10_000
        return {
            "growth-ids": {
                "title": "CPU of a call by the number of ids",
                "x": "ids in one call",
                "y": "ms",
                "series": self._by_ids(most),
            },
            "growth-concurrency": {
                "title": "CPU time of so many calls at once",
                "x": "calls at once",
                "y": "ms",
                "series": self._by_concurrency(most),
            },
            "growth-clients": {
                "title": "memory of clients before their first call",
                "x": "clients",
                "y": "MiB",
                "series": self._by_clients(most),
            },
        }

    def _by_ids(self, most: int) -> dict[str, list[tuple[int, float]]]:
        return {
            rival: [
                (ids, min(self._cpu(rival, ids) for _ in range(3)) * 1e3)
                for ids in measures.IDS
                if ids <= most
            ]
            for rival in self.available(("boto", "ours", "ours_sigv4"))
        }

    def _cpu(self, rival: str, ids: int) -> float:
        calls = max(5, 1000 // (ids + 10))
        taken: float = self.worker(rival).measure({"measure": "cpu", "ids": ids, "calls": calls})
        return taken

    def _by_concurrency(self, most: int) -> dict[str, list[tuple[int, float]]]:
        return {
            rival: [
                (each, each / max(self._rate(rival, each) for _ in range(3)) * 1e3)
                for each in measures.CONCURRENCY
                if each <= most
            ]
            for rival in self.available(("aioboto", "ours", "ours_fast"))
        }

    def _rate(self, rival: str, concurrency: int) -> float:
        calls = 20 if self.smoke else max(300, concurrency)
        command = {"measure": "rate", "concurrency": concurrency, "calls": calls}
        by_cpu: float = self.worker(rival).measure(command)[1]
        return by_cpu

    def _by_clients(self, most: int) -> dict[str, list[tuple[int, float]]]:
        return {
            rival: [
                (
                    count,
                    count * self.fresh(rival, {"measure": "clients", "count": count}) / 2**20,
                )
                for count in measures.CLIENT_COUNTS
                if count <= most
            ]
            for rival in self.available(("ours",))
        }


def _turn(rivals: list[str], number: int) -> list[str]:
    """Let another one begin in each round, so that nobody always follows the same."""
    shift = number % len(rivals)
    return rivals[shift:] + rivals[:shift]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="quick, installs and writes nothing")
    parser.add_argument("--rounds", type=int, default=0, help="samples of each (default: 9)")
    parser.add_argument(
        "--start", action="store_true", help="only cold starts and command lines: start.md"
    )
    options = parser.parse_args()
    rounds = options.rounds or (1 if options.smoke else 9)
    pythons = environments.present() if options.smoke else environments.prepare()
    if "ec2lite" not in pythons:
        sys.exit("ec2lite cannot be imported or installed")
    about = report.machine()
    with Server() as url:
        run = Run(url, pythons, rounds, smoke=options.smoke)
        try:
            run.cold()
            run.commands()
            if options.start:
                report.write_part(DOCS, "start", results_of(run, about, pythons))
                return
            run.imports()
            for kinds in measures.WARM:
                run.warm(kinds)
            run.clients()
            growth = run.growth()
        finally:
            run.close()
    results = {**results_of(run, about, pythons), "growth": growth}
    if not options.smoke:
        report.write(DOCS, results)
    more(pythons["ec2lite"], smoke=options.smoke)


def results_of(run: Run, about: dict[str, Any], pythons: dict[str, str]) -> dict[str, Any]:
    return {
        "machine": about,
        "rounds": run.rounds,
        "load_after": os.getloadavg()[0],
        "versions": {name: environments.versions(python) for name, python in pythons.items()},
        "measures": run.summaries,
    }


def more(python: str, *, smoke: bool) -> None:
    """Run the scripts that look at ec2lite alone: its stages, and where its time goes."""
    if not smoke:
        run_script(python, "stages.py", "--fast", "--quiet", "--write", str(DOCS / "stages.md"))
        run_script(python, "flame.py", str(DOCS / "flame.svg"))
        return
    with tempfile.TemporaryDirectory() as place:
        run_script(python, "flame.py", str(Path(place) / "flame.svg"), "0.5")
    if importlib.util.find_spec("boto3"):
        run_script(python, "describe.py", "--smoke")
        run_script(python, "waits.py", "--smoke")
        run_script(python, "many.py", "--smoke")
    run_script(python, "first_call.py", "--smoke")
    if (DOCS.parent.parent / ".git").exists():
        run_script(python, "engine.py", "HEAD", "--rounds", "3")
    if importlib.util.find_spec("pyperf"):
        run_script(python, "stages.py", "--debug-single-value", "--inherit-environ=PYTHONPATH")


if __name__ == "__main__":
    main()
