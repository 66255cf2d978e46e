"""What calls tell: the events that ``on_event=`` gets, and spans and metrics made of them.

    ec2 = ec2lite.Client(on_event=ec2lite.telemetry.OpenTelemetry())

The names of attributes are those of OpenTelemetry's conventions for AWS's SDKs, the names of
metrics those of the SDKs themselves.
https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/
"""

from __future__ import annotations

import importlib
from typing import Any

from ec2lite._version import __version__
from ec2lite.errors import ConfigError, DryRunOperation
from ec2lite.events import (
    AttemptEnded,
    AttemptStarted,
    CallEnded,
    CallStarted,
    ClockCorrected,
    CredentialsRenewed,
    Event,
    RetryDecided,
)
from ec2lite.listeners import error_code

__all__ = [
    "AttemptEnded",
    "AttemptStarted",
    "CallEnded",
    "CallStarted",
    "ClockCorrected",
    "CredentialsRenewed",
    "Event",
    "OpenTelemetry",
    "RetryDecided",
]


class OpenTelemetry:
    """An ``on_event`` that makes a span of each call, and three metrics; for any number of clients.

    The span is a child of the one that is current where the call is made. Its events are the
    attempts, the retries and a corrected clock. A dry run's "yes" is no error. The providers are
    the global ones if not given. Without the extra ``[otel]`` it is a ``ConfigError``.

    - ``smithy.client.call.duration``: a histogram of seconds, with all attempts and pauses.
    - ``smithy.client.call.attempts``, ``smithy.client.call.errors``: counters.
    """

    def __init__(
        self,
        tracer_provider: Any = None,  # noqa: ANN401 - opentelemetry is not there without its extra
        meter_provider: Any = None,  # noqa: ANN401 - as above
    ) -> None:
        trace, metrics = _api("trace"), _api("metrics")
        self._tracer = trace.get_tracer("ec2lite", __version__, tracer_provider)
        self._client_kind: Any = trace.SpanKind.CLIENT
        self._failed: Any = trace.StatusCode.ERROR
        meter = metrics.get_meter("ec2lite", __version__, meter_provider)
        name = "smithy.client.call"
        self._duration = meter.create_histogram(f"{name}.duration", "s", "How long calls take")
        self._attempts = meter.create_counter(f"{name}.attempts", "{attempt}", "Requests sent")
        self._errors = meter.create_counter(f"{name}.errors", "{error}", "Calls that failed")
        # The spans of the calls under way, each with the attributes of its metrics.
        self._calls: dict[str, tuple[Any, dict[str, str]]] = {}

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, CallStarted):
            self._start(event)
            return
        if isinstance(event, CredentialsRenewed):
            return
        span, attributes = self._calls.get(event.call_id, (None, {}))
        if span is None:
            return
        if isinstance(event, CallEnded):
            del self._calls[event.call_id]
            self._end(event, span, attributes)
        elif isinstance(event, AttemptEnded):
            _add_attempt(span, event)
        elif isinstance(event, RetryDecided):
            details = {"attempt": event.attempt, "delay": event.delay, "reason": event.reason}
            span.add_event("retry", details)
        elif isinstance(event, ClockCorrected):
            span.add_event("clock corrected", {"offset": event.offset})

    def _start(self, event: CallStarted) -> None:
        service = event.service.upper()
        attributes = {"rpc.service": service, "rpc.method": event.action}
        span = self._tracer.start_span(
            f"{service}.{event.action}",
            kind=self._client_kind,
            attributes={"rpc.system": "aws-api", "cloud.region": event.region, **attributes},
        )
        self._calls[event.call_id] = (span, attributes)

    def _end(self, event: CallEnded, span: Any, attributes: dict[str, str]) -> None:  # noqa: ANN401 - as above
        self._duration.record(event.seconds, attributes)
        self._attempts.add(event.attempts, attributes)
        error = event.error
        if error is not None and not isinstance(error, DryRunOperation):
            kind = error_code(error) or type(error).__name__
            self._errors.add(1, {**attributes, "exception.type": kind})
            span.set_attribute("error.type", kind)
            span.record_exception(error)
            span.set_status(self._failed, str(error))
        span.end()


def _add_attempt(span: Any, event: AttemptEnded) -> None:  # noqa: ANN401 - as above
    details: dict[str, int | float | str] = {"attempt": event.attempt, "seconds": event.seconds}
    if event.status_code is not None:
        details["http.response.status_code"] = event.status_code
        span.set_attribute("http.response.status_code", event.status_code)
    if event.request_id is not None:
        details["aws.request_id"] = event.request_id
        span.set_attribute("aws.request_id", event.request_id)
    if event.error is not None:
        details["error.type"] = event.code or type(event.error).__name__
    span.add_event("attempt", details)


def _api(name: str) -> Any:  # noqa: ANN401 - as above
    try:
        return importlib.import_module(f"opentelemetry.{name}")
    except ImportError as error:
        raise ConfigError(f"OpenTelemetry needs the extra [otel]: {error}") from error
