"""Throw bytes at ``parse_response``: nothing may come out but a result or an ``EC2Error``.

    python tests/fuzz/fuzz_parse_response.py -max_total_time=600 tests/fuzz/corpus

Needs atheris (https://github.com/google/atheris). New inputs that reach new code are added to the
first directory named; a crash is written to the working directory.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["ec2lite"]):
    import ec2lite
    from ec2lite.operations import readers, scalars, stop_instances
    from ec2lite.protocol import content, faults, response, state_code, xml

    # Imported here, so that they are instrumented too.
    MODULES = (content, faults, readers, response, scalars, state_code, stop_instances, xml)

REQUEST = ec2lite.StopInstances(["i-1234567890abcdef0"])
STATUSES = (200, 200, 400, 412, 429, 500, 503, 302)
ENCODINGS = ("", "", "gzip", "deflate", "identity", "br", "gzip, deflate", "x-gzip")


def one_input(data: bytes) -> None:
    """Parse one input: two bytes at its end choose status and encoding, the rest is the body."""
    provider = atheris.FuzzedDataProvider(data)
    headers = {"content-encoding": provider.PickValueInList(list(ENCODINGS))}
    status_code = provider.PickValueInList(list(STATUSES))
    body = provider.ConsumeBytes(len(data))
    try:
        result = ec2lite.parse_response(
            REQUEST, status_code=status_code, headers=headers, body=body
        )
    except ec2lite.EC2Error as error:
        str(error)
    else:
        result.to_dict()


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
