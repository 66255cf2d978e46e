"""Everything that can go wrong on a network, on real sockets, in each colour."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import anyio
import pytest
import table
from fault_cases import CASES, MARKER, MIB, invocation, script

from ec2lite import EC2Error, ResponseError, StandardRetry, StopInstancesResult
from patience import PATIENCE
from samples import KEYS
from servers import certificate, serve, until

PASSWORD = "hush-hush"
INSTANCE = "i-1234567890abcdef0"
# What 64 MiB of an answer may cost: the answer, twice while it is put together or inflated.
MOST_MEMORY = 200 * MIB


@pytest.fixture(scope="session")
def contexts(tmp_path_factory):
    """Return a CA bundle and TLS contexts: good, unknown to it, for another host, without names."""
    names = ("good", "un", "else", "less")
    good, unknown, elsewhere, without = (tmp_path_factory.mktemp(name) for name in names)
    bundle, context = certificate(good)
    other_bundle, other = certificate(elsewhere, "127.0.0.9")
    nameless_bundle, nameless = certificate(without, has_names=False)
    all_ = good / "all.pem"
    all_.write_text(
        "".join(Path(each).read_text() for each in (bundle, other_bundle, nameless_bundle))
    )
    return str(all_), {
        "good": context,
        "unknown": certificate(unknown)[1],
        "elsewhere": other,
        "nameless": nameless,
    }


def descriptors():
    """Return how many descriptors this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


def resident(peak=False):
    """Return the bytes of memory that this process has, or had at most since ``forget_peak``."""
    name = "VmHWM:" if peak else "VmRSS:"
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def forget_peak():
    """Let the peak of the memory begin at what there is now: 5, see proc(5), clear_refs."""
    Path("/proc/self/clear_refs").write_text("5")


def attempt(ec2):
    """Return the result of a call, or the error that it ended in."""
    try:
        return ec2.stop_instances([INSTANCE])
    except EC2Error as error:
        return error


def attempts(outcome):
    """Return how often a request was sent."""
    if isinstance(outcome, EC2Error):
        return outcome.attempts
    return outcome.response_metadata.attempts


def text(outcome):
    """Return what a person would look at: an error's text, the state's name in a result."""
    if isinstance(outcome, StopInstancesResult):
        return outcome.stopping_instances[0].current_state.name
    return str(outcome)


def cause(outcome):
    """Return the library's error behind an error."""
    return getattr(outcome, "__cause__", None)


@pytest.mark.parametrize("case", CASES, ids=[case.does for case in CASES])
def test_fault(colour, case, contexts, monkeypatch):
    """It ends as the table says, in bounded time, and the client and its sockets are as new."""
    bundle, known = contexts
    monkeypatch.setenv("AWS_CA_BUNDLE", bundle)
    healed = threading.Event()
    if colour.is_async:
        # The first loop of its kind may open what the process keeps.
        colour.run(anyio.sleep, 0)
    before = descriptors()
    with serve(script(case, healed, known), deaf=case.is_deaf) as server:
        url = server.url.replace("http:", "https:") if case.tls else server.url
        if case.proxy:
            proxy = f"{case.proxy}://me:{PASSWORD}@127.0.0.1:{server.port}"
            monkeypatch.setenv("HTTPS_PROXY", proxy)
        for name in case.sources:
            monkeypatch.setenv(name, server.url)
        with colour.client(
            "eu-west-1",
            endpoint_url=url,
            credentials=None if case.sources else KEYS,
            timeout=case.timeout,
            retry=StandardRetry(dice=lambda: 0.0),
        ) as ec2:
            began = time.monotonic()
            outcome = attempt(ec2)
            took = time.monotonic() - began

            assert (case.ends, case.attempts) == (type(outcome).__name__, attempts(outcome))
            assert case.is_timeout == getattr(outcome, "is_timeout", False)
            assert case.says in text(outcome)
            assert MARKER not in f"{outcome} {outcome!r} {getattr(outcome, 'body', b'')!r}"
            assert PASSWORD not in f"{outcome} {outcome!r} {cause(outcome)}"
            assert took < case.timeout.total + PATIENCE

            healed.set()
            server.hear()
            # On a slow machine 0.3 s may be too short for four requests.
            after = attempt(ec2.with_options(timeout=30))
            assert isinstance(after, StopInstancesResult), after
            assert invocation(server.requests[-1]) == after.response_metadata.request_id
            assert 1 == after.response_metadata.attempts
            # Metadata has a connection of its own, which never goes through a proxy.
            open_at_the_end = 2 if case.sources else 1
            assert until(lambda: open_at_the_end == server.open_now)
    assert until(lambda: descriptors() <= before)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.ends == "ResponseError" and "Mi" in case.does]
    + [case for case in CASES if "laughs" in case.does or "million" in case.does],
    ids=lambda case: case.does,
)
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is Linux's")
def test_memory(colour, case):
    """A flood takes no more memory than the limit on answers allows."""
    with (
        serve(script(case, threading.Event(), {})) as server,
        colour.client("eu-west-1", endpoint_url=server.url, credentials=KEYS) as ec2,
    ):
        forget_peak()
        before = resident()
        assert isinstance(attempt(ec2), ResponseError)
        assert resident(peak=True) - before < MOST_MEMORY


def test_smaller_limit(colour):
    """The limit on answers is the caller's, as they come and inflated."""
    for does in ("sends 100 MiB", "sends 1 GiB, gzipped to 1 MiB"):
        case = next(case for case in CASES if case.does == does)
        with (
            serve(script(case, threading.Event(), {})) as server,
            colour.client(
                "eu-west-1", endpoint_url=server.url, credentials=KEYS, max_response_size=2 * MIB
            ) as ec2,
        ):
            assert "larger than 2097152 bytes" in text(attempt(ec2))


def test_table():
    """The table in the documentation is the one that the cases make."""
    assert table.made() == table.written()
