"""What each stage of a call costs alone, by pyperf: `python benchmarks/stages.py`.

pyperf's own options apply (``--fast``, ``--rigorous``, ``-o FILE``). ``run.py`` runs it too.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pyperf
from server import document

import ec2lite
from ec2lite.protocol.request import RequestBuilder, encode
from ec2lite.signing.signer import default_signer

NOW = datetime.now(UTC)
KEYS = ec2lite.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
ENDPOINT = ec2lite.resolve_endpoint("eu-west-1")
IDS = [f"i-{index:017x}" for index in range(1000)]
ONE, MANY = ec2lite.StopInstances(IDS[:1]), ec2lite.StopInstances(IDS)
TYPE = [(b"Content-Type", b"text/xml;charset=UTF-8")]


class Null(httpx.BaseTransport):
    """Answers at once, from memory."""

    def __init__(self, body):
        self.body = body

    def handle_request(self, request):
        del request
        return httpx.Response(200, headers=TYPE, stream=httpx.ByteStream(self.body))


class NoSigner:
    def sign(self, **_):
        return {}


def signing(signer):
    headers = {"host": "ec2.eu-west-1.amazonaws.com", "content-type": "text/plain"}
    return lambda: signer.sign(
        method="POST",
        url=ENDPOINT.url,
        headers=headers,
        body=b"Action=StopInstances",
        credentials=KEYS,
        region="eu-west-1",
        service="ec2",
        now=NOW,
    )


def parsing(request, body):
    return lambda: ec2lite.parse_response(request, status_code=200, headers={}, body=body)


def calling(ids, signer):
    client = ec2lite.Client(
        "eu-west-1", credentials=KEYS, transport=Null(document(len(ids))), signer=signer
    )
    return lambda: client.stop_instances(ids)


def stages():
    builder = RequestBuilder(ENDPOINT, NoSigner())
    body = encode(ONE)
    return {
        "serialize, 1 id": lambda: encode(ONE),
        "serialize, 1000 ids": lambda: encode(MANY),
        "sign, botocore": signing(default_signer()),
        "sign, SigV4()": signing(ec2lite.SigV4()),
        "build the httpx.Request, unsigned": lambda: builder.build(
            ONE, body, credentials=KEYS, now=NOW
        ),
        "parse, 1 item": parsing(ONE, document(1)),
        "parse, 1000 items": parsing(MANY, document(1000)),
        "whole call over a null transport, botocore": calling(IDS[:1], default_signer()),
        "whole call over a null transport, SigV4()": calling(IDS[:1], ec2lite.SigV4()),
        "the same, 1000 ids": calling(IDS, ec2lite.SigV4()),
    }


def keep(command, options):
    """Hand our option on to the processes that pyperf starts."""
    if options.write:
        command += ["--write", options.write]


def main():
    runner = pyperf.Runner(add_cmdline_args=keep)
    runner.argparser.add_argument("--write", help="the file to write the table to")
    runner.parse_args()
    done = {name: runner.bench_func(name, stage) for name, stage in stages().items()}
    python = [sys.executable, "-c"]
    done["python -c pass"] = runner.bench_command("python -c pass", [*python, "pass"])
    name = "python -c 'import ec2lite'"
    done[name] = runner.bench_command(name, [*python, "import ec2lite"])
    if runner.args.worker or None in done.values():
        return
    lines = ["| stage | mean | deviation |", "| --- | --: | --: |"]
    for stage, bench in done.items():
        deviation = bench.stdev() / bench.mean() if bench.get_nvalue() > 1 else 0
        lines.append(f"| {stage} | {bench.mean() * 1e6:,.1f} µs | {deviation:.0%} |")
    table = "\n".join(lines)
    print(table)
    if runner.args.write:
        text = f"# What each stage costs\n\nWritten by `benchmarks/stages.py`.\n\n{table}\n"
        Path(runner.args.write).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    main()
