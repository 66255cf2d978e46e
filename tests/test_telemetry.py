"""Spans and metrics of calls, with OpenTelemetry's own SDK."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

import ec2lite
from colours import Colour
from ec2lite.events import AttemptStarted, ClockCorrected, CredentialsRenewed
from ec2lite.telemetry import OpenTelemetry
from ec2lite.testing import FakeEC2

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

colours = pytest.mark.parametrize("colour", ["sync", "asyncio", "trio"], indirect=True)
MISSING = "i-0123456789abcdef0"
STOP = {"rpc.service": "EC2", "rpc.method": "StopInstances"}


class Seen:
    """A telemetry, and what it has exported."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.tracers.get_tracer("the program")
        self.listener = OpenTelemetry(self.tracers, MeterProvider([self.reader]))

    def spans(self) -> list[Any]:
        """Return ec2lite's spans that have ended."""
        found = self.exporter.get_finished_spans()
        return [each for each in found if each.instrumentation_scope.name == "ec2lite"]

    def metrics(self) -> dict[str, list[Any]]:
        """Return the points of each metric."""
        data = self.reader.get_metrics_data()
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def seen() -> Seen:
    """Return a telemetry that exports to memory."""
    return Seen()


def stop(colour: Colour, fake: FakeEC2, seen: Seen, *ids: str) -> None:
    """Stop instances one after the other, by a client of a colour."""
    if not colour.is_async:
        with fake.client(on_event=seen.listener) as client:
            for each in ids:
                client.stop_instances(each)
        return

    async def ask() -> None:
        async with fake.async_client(on_event=seen.listener) as client:
            for each in ids:
                await client.stop_instances(each)

    colour.run(ask)


@colours
def test_a_span(colour: Colour, seen: Seen):
    """A call is a span, with the conventions' attributes, and its attempts are events."""
    fake = FakeEC2()
    (machine,) = fake.run_instances(1)
    fake.fail_next("StopInstances", "RequestLimitExceeded", status=503)
    stop(colour, fake, seen, machine)

    (span,) = seen.spans()
    refused, retry, answered = span.events
    request_id = span.attributes["aws.request_id"]
    assert ("EC2.StopInstances", SpanKind.CLIENT) == (span.name, span.kind)
    assert StatusCode.UNSET is span.status.status_code
    assert span.attributes == {
        **STOP,
        "rpc.system": "aws-api",
        "cloud.region": "us-east-1",
        "http.response.status_code": 200,
        "aws.request_id": request_id,
    }
    assert ["attempt", "retry", "attempt"] == [each.name for each in span.events]
    assert (1, 503, "RequestLimitExceeded") == (
        refused.attributes["attempt"],
        refused.attributes["http.response.status_code"],
        refused.attributes["error.type"],
    )
    assert (1, "throttling") == (retry.attributes["attempt"], retry.attributes["reason"])
    assert (2, request_id) == (
        answered.attributes["attempt"],
        answered.attributes["aws.request_id"],
    )


@colours
def test_metrics(colour: Colour, seen: Seen):
    """Calls are counted and timed, with their attempts and errors."""
    fake = FakeEC2()
    (machine,) = fake.run_instances(1)
    fake.fail_next("StopInstances", "InternalError")
    with pytest.raises(ec2lite.InstanceNotFound):
        stop(colour, fake, seen, machine, MISSING)

    metrics = seen.metrics()
    (duration,) = metrics["smithy.client.call.duration"]
    (attempts,) = metrics["smithy.client.call.attempts"]
    (errors,) = metrics["smithy.client.call.errors"]
    assert (2, STOP) == (duration.count, duration.attributes)
    assert (3, STOP) == (attempts.value, attempts.attributes)
    assert 1 == errors.value
    assert {**STOP, "exception.type": "InvalidInstanceID.NotFound"} == errors.attributes


def test_an_error(seen: Seen):
    """A call that fails is a span that failed, and has the exception."""
    with pytest.raises(ec2lite.InstanceNotFound):
        stop(Colour("sync"), FakeEC2(), seen, MISSING)

    (span,) = seen.spans()
    assert StatusCode.ERROR is span.status.status_code
    assert "InvalidInstanceID.NotFound" == span.attributes["error.type"]
    assert ["attempt", "exception"] == [each.name for each in span.events]


def test_no_answer(seen: Seen):
    """An attempt without an answer has no status, and the kind of its error."""
    fake = FakeEC2()
    fake.reset_next("StopInstances", times=3)
    with pytest.raises(ec2lite.TransportError):
        stop(Colour("sync"), fake, seen, MISSING)

    (span,) = seen.spans()
    attempt = span.events[0].attributes
    assert "http.response.status_code" not in attempt
    assert "TransportError" == attempt["error.type"] == span.attributes["error.type"]


def test_a_dry_run(seen: Seen):
    """The error that means yes is no error of the span."""
    fake = FakeEC2()
    (machine,) = fake.run_instances(1)
    with fake.client(on_event=seen.listener) as client:
        assert client.dry_run(ec2lite.StopInstances(machine)).allowed

    (span,) = seen.spans()
    assert StatusCode.UNSET is span.status.status_code
    assert "smithy.client.call.errors" not in seen.metrics()


def parents(seen: Seen) -> set[tuple[str, str]]:
    """Return the method of each span with the name of its parent."""
    names = {each.context.span_id: each.name for each in seen.exporter.get_finished_spans()}
    return {(each.name, names[each.parent.span_id]) for each in seen.spans()}


@pytest.mark.parametrize("loop", ["asyncio", "trio"], indirect=True)
def test_parents_of_tasks(loop: Colour, seen: Seen):
    """Each task's call is a child of that task's own span, though they run at once."""
    fake = FakeEC2()
    one, two = fake.run_instances(2)

    async def ask() -> None:
        async with fake.async_client(on_event=seen.listener) as client:

            async def work(name: str, call: Any, instance_id: str) -> None:
                with seen.tracer.start_as_current_span(name):
                    await call(instance_id)

            async with anyio.create_task_group() as group:
                group.start_soon(work, "night", client.stop_instances, one)
                group.start_soon(work, "day", client.start_instances, two)

    loop.run(ask)
    assert {("EC2.StopInstances", "night"), ("EC2.StartInstances", "day")} == parents(seen)


def test_parents_of_threads(seen: Seen):
    """Each thread's call is a child of that thread's own span."""
    fake = FakeEC2()
    one, two = fake.run_instances(2)
    with fake.client(on_event=seen.listener) as client, ThreadPoolExecutor(2) as pool:

        def work(name: str, call: Any, instance_id: str) -> None:
            with seen.tracer.start_as_current_span(name):
                call(instance_id)

        works = [("night", client.stop_instances, one), ("day", client.start_instances, two)]
        list(pool.map(lambda each: work(*each), works))

    assert {("EC2.StopInstances", "night"), ("EC2.StartInstances", "day")} == parents(seen)


def test_other_events(seen: Seen):
    """A corrected clock is an event of its call's span; what belongs to no call is none."""
    fake = FakeEC2()
    (machine,) = fake.run_instances(1)

    def listener(event: Any) -> None:
        seen.listener(event)
        if isinstance(event, AttemptStarted):
            seen.listener(ClockCorrected(event.call_id, 3600.0))
            seen.listener(ClockCorrected("another", 1.0))
            seen.listener(CredentialsRenewed("sso"))

    with fake.client(on_event=listener) as client:
        client.stop_instances(machine)

    (span,) = seen.spans()
    assert ["clock corrected", "attempt"] == [each.name for each in span.events]
    assert {"offset": 3600.0} == span.events[0].attributes


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch):
    """Without OpenTelemetry's API the error names the extra."""
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)

    with pytest.raises(ec2lite.ConfigError, match=r"needs the extra \[otel\]"):
        OpenTelemetry()
