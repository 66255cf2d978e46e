"""Many accounts and Regions: the same done in each, several at once, one result for each.

Each target is a flow of its own, with its own pacing and outcomes; all of them share a transport
and, where they bring none, credentials.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import evolve, frozen

from ec2lite import checks
from ec2lite.bulk.batch import Batches
from ec2lite.bulk.many import Many, StartMany, StopMany
from ec2lite.bulk.outcome import OPEN, BatchResult
from ec2lite.bulk.progress import BatchProgress
from ec2lite.client import AsyncClient, Client
from ec2lite.credentials.sts.assume_role import AssumeRole
from ec2lite.engine.call import call
from ec2lite.engine.flow import Together
from ec2lite.engine.setup import Setup
from ec2lite.errors import EXPIRED_CODES, ConfigError, CredentialsError, EC2Error
from ec2lite.operations.describe_instances import DescribeInstances
from ec2lite.targets import Target, TargetResult

if TYPE_CHECKING:
    from ec2lite.engine.context import Context
    from ec2lite.engine.flow import Flow
    from ec2lite.models import Credentials

Listener: TypeAlias = Callable[[Target, BatchProgress], object]

AT_ONCE: Final = 32
"""Targets that are worked on at the same time, unless the caller says otherwise."""


@frozen
class Here:
    """Who sends: a client's setup, its pacing, and the moment at which the work is to be over."""

    setup: Setup
    paced: Callable[[Many], Many]
    end: float | None = None


class Work:
    """What is done in all targets."""

    def __init__(
        self,
        kind: type[Many],
        targets: Iterable[Target],
        at_most: int,
        on_progress: Listener | None,
        resume: list[TargetResult] | None,
        options: Mapping[str, Any],
    ) -> None:
        listed = enumerate(checks.each_of("targets", targets, "a list of Targets"))
        self.targets: list[Target] = [
            checks.instance(f"targets[{number}]", each, Target, "a Target")
            for number, each in listed
        ]
        self.at_most: int = checks.whole("at_most", at_most)
        if on_progress is not None:
            checks.function("on_progress", on_progress)
        self._on_progress = on_progress
        self._telling = Lock()
        self._kind = kind
        self._options = dict(options)
        if options.get("override_protection"):
            # An interruption here would end before the protection of all targets is back.
            raise checks.wrong("override_protection", "left to stop_many", "given here")
        # Wrong options are refused here, before anything is sent.
        self._example: Many = kind("i-00000000000000000", **self._options)
        self.results: list[TargetResult] = [] if resume is None else resume
        self._kept = self._begin()

    def _begin(self) -> list[BatchResult]:
        """Return a result for each target, to be filled: a new one, or that of before."""
        if not self.results:
            self.results.extend(TargetResult(each, BatchResult()) for each in self.targets)
        if self.targets != [each.target for each in self.results]:
            raise checks.wrong("resume", "results of the same targets", "of others")
        return [BatchResult() if each.result is None else each.result for each in self.results]

    def flow(self, here: Here) -> Flow[list[TargetResult]]:
        """Do it in all targets, several at once."""
        limit = self._example.deadline
        if limit is not None:
            here = evolve(here, end=here.setup.passing.monotonic() + limit)
        flows = [self._one(number, here) for number in range(len(self.targets))]
        yield Together(flows, self.at_most)
        return self.results

    def _one(self, number: int, here: Here) -> Flow[None]:
        """Do it in one target; an error ends that one alone."""
        target, kept, error = self.targets[number], self._kept[number], None
        setup = evolve(here.setup, region=target.region)
        try:
            yield from self._work(target, kept, evolve(here, setup=setup))
        except EC2Error as caught:
            error = caught
        has_outcomes = error is None or bool(kept.outcomes)
        self.results[number] = TargetResult(target, kept if has_outcomes else None, error)

    def _work(self, target: Target, kept: BatchResult, here: Here) -> Flow[None]:
        if kept.outcomes and not any(each.kind in OPEN for each in kept.outcomes.values()):
            return
        context = yield from _context(target, here.setup)
        ids = target.instance_ids or tuple(kept.outcomes)
        if not ids:
            ids = yield from _matches(target, context, self._states(), here.end)
        while ids:
            many = here.paced(self._kind(ids, **self._now(target, kept, here)))
            try:
                yield from Batches(many, here.setup.passing).flow(_made(context))
            except EC2Error as error:
                if not _has_ended(context.credentials, target, here.setup, error):
                    raise
                # A role's session lasts an hour; what has an outcome is not asked again.
                context = yield from _context(target, here.setup)
            else:
                return

    def _now(self, target: Target, kept: BatchResult, here: Here) -> dict[str, Any]:
        """Return the options of work that begins now."""
        left = None if here.end is None else max(here.end - here.setup.passing.monotonic(), 1e-6)
        tell = None if self._on_progress is None else self._teller(target, self._on_progress)
        return {**self._options, "deadline": left, "resume": kept, "on_progress": tell}

    def _teller(self, target: Target, listener: Listener) -> Callable[[BatchProgress], None]:
        def tell(progress: BatchProgress) -> None:
            with self._telling:
                listener(target, progress)

        return tell

    def _states(self) -> set[str]:
        """Return the states in which a match is acted on."""
        if self._kind is StartMany:
            return {"stopped"}
        states = {"running"}
        if self._options.get("force") or self._options.get("skip_os_shutdown"):
            states.add("stopping")
        if self._options.get("wait_for_pending"):
            states.add("pending")
        return states


def _made(context: Context) -> Flow[Context]:
    """Return a context that there is already."""
    yield from ()
    return context


def _context(target: Target, setup: Setup) -> Flow[Context]:
    """Return what the calls of a target have in common, its role's session among it."""
    context = yield from setup.context()
    credentials = target.credentials
    if target.role_arn is not None:
        sts = evolve((yield from setup.context("sts")), credentials=credentials)
        name = target.role_session_name or f"ec2lite-session-{setup.now().timestamp():.0f}"
        request = AssumeRole(target.role_arn, name, external_id=target.external_id)
        try:
            credentials = (yield from call(request, sts)).credentials
        except CredentialsError:
            raise
        except EC2Error as error:
            raise CredentialsError(
                f"The role {target.role_arn} could not be assumed: {error}"
            ) from error
    return evolve(context, credentials=credentials)


def _has_ended(
    credentials: Credentials | None, target: Target, setup: Setup, error: EC2Error
) -> bool:
    """Whether an error says that the session of a role has ended, and its time was over."""
    if target.role_arn is None or getattr(error, "code", None) not in EXPIRED_CODES:
        return False
    ends = None if credentials is None else credentials.expiration
    return ends is not None and ends <= setup.now()


def _matches(
    target: Target, context: Context, states: set[str], end: float | None
) -> Flow[tuple[str, ...]]:
    """Return the ids that match in one of the states, unless more match than may."""
    found: list[str] = []
    most, matches, followed = target.max_instances or 0, 0, set[str]()
    following: DescribeInstances | None = DescribeInstances(filters=target.filters)
    while following is not None:
        page = yield from call(following, context, deadline=end)
        matches += len(page.instances)
        if matches > most:
            raise ConfigError(f"more than {most} instances match (max_instances); none was changed")
        found += [
            each.instance_id for each in page.instances if each.state and each.state.name in states
        ]
        following = following.after(page, followed)
    return tuple(found)


class _Client(Client):
    """A client that works in many Regions."""

    def work(self, work: Work) -> list[TargetResult]:
        """Do it in all targets."""
        return self._run(work.flow(Here(self._setup, self._paced)))


class _AsyncClient(AsyncClient):
    """The same for code that awaits."""

    async def work(self, work: Work) -> list[TargetResult]:
        """Do it in all targets."""
        return await self._run(work.flow(Here(self._setup, self._paced)))


def _checked(client_options: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(client_options, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - untyped callers are checked too
        raise checks.wrong("client_options", "a dict", checks.kind(client_options))
    options = dict(client_options)
    if "region" in options:
        raise ConfigError("client_options must be without region: each target has its own")
    return options


_NO_OPTIONS: Final[Mapping[str, Any]] = {}


def stop_everywhere(
    targets: Iterable[Target],
    *,
    client_options: Mapping[str, Any] = _NO_OPTIONS,
    at_most: int = AT_ONCE,
    on_progress: Listener | None = None,
    resume: list[TargetResult] | None = None,
    **options: Any,  # noqa: ANN401 - those of stop_many
) -> list[TargetResult]:
    """Stop the instances of many accounts and Regions; return one result each, in their order.

    - ``targets``: any number of ``Target``.
    - ``client_options``: what the calls to all of them have in common, as ``Client`` takes it,
      without ``region``. They share one transport, and the credentials of targets without any.
    - ``at_most``: how many targets are worked on at a time, 32 by default.
    - ``on_progress``: is called with the target and a ``BatchProgress`` after each request, in the
      target's thread, never twice at once.
    - ``resume``: a list, empty to begin with. It is filled with the results as they become known,
      whatever interrupts the call; given again with the same targets, the work goes on.
    - the other keywords are those of ``stop_many``. ``deadline`` counts from the beginning.

    Each target is paced on its own, and an error in one does not hold up the others: it is in its
    ``TargetResult``. Of what filters find, only the instances that run are stopped. A wrong
    argument is a ``ConfigError``.
    """
    work = Work(StopMany, targets, at_most, on_progress, resume, options)
    with _Client(**_checked(client_options)) as client:
        return client.work(work)


def start_everywhere(
    targets: Iterable[Target],
    *,
    client_options: Mapping[str, Any] = _NO_OPTIONS,
    at_most: int = AT_ONCE,
    on_progress: Listener | None = None,
    resume: list[TargetResult] | None = None,
    **options: Any,  # noqa: ANN401 - those of start_many
) -> list[TargetResult]:
    """Start the instances of many accounts and Regions, as ``stop_everywhere`` stops them.

    The other keywords are those of ``start_many``. Of what filters find, only the instances that
    are stopped are started.
    """
    work = Work(StartMany, targets, at_most, on_progress, resume, options)
    with _Client(**_checked(client_options)) as client:
        return client.work(work)


async def astop_everywhere(
    targets: Iterable[Target],
    *,
    client_options: Mapping[str, Any] = _NO_OPTIONS,
    at_most: int = AT_ONCE,
    on_progress: Listener | None = None,
    resume: list[TargetResult] | None = None,
    **options: Any,  # noqa: ANN401 - those of stop_many
) -> list[TargetResult]:
    """Stop the instances of many accounts and Regions, as ``stop_everywhere`` does, awaiting."""
    work = Work(StopMany, targets, at_most, on_progress, resume, options)
    async with _AsyncClient(**_checked(client_options)) as client:
        return await client.work(work)


async def astart_everywhere(
    targets: Iterable[Target],
    *,
    client_options: Mapping[str, Any] = _NO_OPTIONS,
    at_most: int = AT_ONCE,
    on_progress: Listener | None = None,
    resume: list[TargetResult] | None = None,
    **options: Any,  # noqa: ANN401 - those of start_many
) -> list[TargetResult]:
    """Start the instances of many accounts and Regions, as ``start_everywhere`` does, awaiting."""
    work = Work(StartMany, targets, at_most, on_progress, resume, options)
    async with _AsyncClient(**_checked(client_options)) as client:
        return await client.work(work)
