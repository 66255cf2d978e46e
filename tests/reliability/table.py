"""The table of faults in docs/reliability.md, made from the cases that the tests try.

Run it to write the table anew: ``python tests/reliability/table.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Where pytest looks, by its own configuration.
    sys.path[:0] = [str(Path(__file__).parents[up]) for up in (1, 2)]

from fault_cases import GROUPS, Case

PAGE = Path(__file__).parents[2] / "docs/reliability.md"
BEGIN = "<!-- made by tests/reliability/table.py -->"
END = "<!-- end of what is made -->"


def made() -> str:
    """Return the table as the cases have it."""
    lines = ["| the server, each time | the call ends in | attempts |", "| --- | --- | --- |"]
    for title, cases in GROUPS.items():
        lines.append(f"| **{title}** | | |")
        lines += [_row(case) for case in cases]
    return "\n".join(lines)


def _row(case: Case) -> str:
    return f"| {case.does} | {case.outcome} | {case.attempts} |"


def written() -> str:
    """Return the table as the page has it."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def write() -> None:
    """Put the table into the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{made()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write()
