"""Ask again about the mutants that mutmut let live, each in a process of its own.

mutmut imports the code once, and then breaks it: what runs at import, as the functions that declare
fields do, has run by then, whole. Run this where ``mutmut run`` has run: `python tests/mutants.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path("mutants").resolve()
UNASKED = {"not checked", "skipped"}
UNSURE = {"survived", "no tests", "timeout", "suspicious"}
LONGEST = 900.0


def survivors() -> tuple[list[str], int]:
    """Return the names of the mutants that no test has noticed, and how many were asked about."""
    command = [sys.executable, "-m", "mutmut", "results", "--all", "true"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found = [line.strip().rpartition(": ") for line in lines if ": " in line]
    asked = [(name, said) for name, _, said in found if said not in UNASKED]
    return [name for name, said in asked if said in UNSURE], len(asked)


def is_noticed(mutant: str, tests: list[str]) -> bool:
    """Whether a test fails where a mutant is there from the start."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", *tests]
    environment = {**os.environ, "MUTANT_UNDER_TEST": mutant, "PYTHONPATH": str(HERE)}
    try:
        done = subprocess.run(
            command, cwd=HERE, env=environment, capture_output=True, check=False, timeout=LONGEST
        )
    except subprocess.TimeoutExpired:
        return True  # the mutant runs for ever
    return done.returncode != 0


def main() -> int:
    """Print what lives on; fail where the tests noticed less than the share that is given."""
    settings = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]
    tests = settings["pytest_add_cli_args"] + settings["pytest_add_cli_args_test_selection"]
    suspects, total = survivors()
    if not total:
        print("no mutant was asked about")
        return 1
    # What is wrong without any mutant would hide them all.
    if is_noticed("", tests):
        print("the tests fail without a mutant, too")
        return 1
    left = []
    for mutant in suspects:
        if not is_noticed(mutant, tests):
            left.append(mutant)
            print(mutant, flush=True)
    print(f"{len(left)} of {total} mutants went unnoticed")
    return 1 if len(left) > total * (100 - float(sys.argv[1])) / 100 else 0


if __name__ == "__main__":
    sys.exit(main())
