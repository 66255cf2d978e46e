"""The page and the plot of the runs."""

from __future__ import annotations

import platform

import plots

import ec2lite

POINTS = 40  # of a curve
COLOURS = {
    "ec2lite, stop_many": "#2ca02c",
    "the same, others taking a third": "#98df8a",
    "halving on any error, standard retries, boto3": "#ff7f0e",
    "halving on any error, adaptive retries, boto3": "#d62728",
    "a request an instance, standard retries, boto3": "#1f77b4",
    "a request an instance, adaptive retries, boto3": "#9467bd",
}
PAGE = """\
# Fifty thousand instances, measured

What `stop_many` does beside other ways to stop the same instances: `python benchmarks/many.py`
wrote this page, with ec2lite {version} on Python {python}. All run on the fake EC2, with AWS's
documented quotas and a virtual clock. An answer takes 0.1 s.

Of each kind of instance that cannot be stopped there is one in a hundred: nine kinds, from ids that
EC2 does not know to those that IAM refuses. EC2 answers 2 % of requests with 503
`ServiceUnavailable`. 0.5 % of connections are reset, half of them after EC2 has carried out the
request. Each outcome is compared with the truth.

| who | {columns} |
|{dashes}
{rows}

- *As AWS allows* is the time over (instances - 1000) / 20 s, which is what the bucket of instances
  takes to give a token for each; where others take a third, the rate is two thirds of that. A
  refused instance takes no token, so less than 1 is possible.
- *Wrong* is an outcome that is not true: an instance that could have been stopped was not, or the
  reason is that of another one. *Left open* are outcomes that say themselves that they are not
  known: throttled, or without an answer.
- The others have fewer instances, because they take more CPU for each; the buckets are as full
  at the start. So their times are not to be multiplied: with more instances they would take longer
  than in proportion.
- The others read refusals as ec2lite does. A plain loop takes a refusal for all ids of its request;
  halving asks again whatever the reason was. Neither knows the quotas.

![the share of the instances that was told to stop, by time](benchmarks/many.svg)

Further runs:

{said}
"""


def write(docs, columns, rows, said):
    """Write the page and its plot."""
    text = PAGE.format(
        version=ec2lite.__version__,
        python=platform.python_version(),
        columns=columns,
        dashes=" --- |" + " --: |" * columns.count("|") + " --: |",
        rows="\n".join(f"| {' | '.join(row.cells())} |" for row in rows),
        said="\n".join(f"- {each}" for each in said),
    )
    (docs / "many-measured.md").write_text(text, "utf-8")
    plots.COLOURS |= COLOURS
    plots.lines(
        docs / "benchmarks" / "many.svg",
        "Instances told to stop",
        "seconds for each 1,000 instances",
        "% of all",
        {row.name: curve(row) for row in rows if row.name in COLOURS},
    )


def curve(row):
    """Return some points of a run: its time by its size, and the share that was done."""
    step = max(1, len(row.series) // POINTS)
    points = [*row.series[::step], row.series[-1]]
    return [(time * 1000 / row.count, 100 * done / row.count) for time, done in points]
