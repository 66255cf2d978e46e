"""FakeEC2: instances on a clock, and the ways to ask for them."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from ec2lite import checks
from ec2lite.client import AsyncClient, Client
from ec2lite.errors import ConfigError
from ec2lite.models import Credentials
from ec2lite.testing import faults, sts
from ec2lite.testing.actions import ACTIONS
from ec2lite.testing.clock import DatedClock, VirtualClock
from ec2lite.testing.fleet import Fleet
from ec2lite.testing.identities import Identities
from ec2lite.testing.instance import FakeInstance
from ec2lite.testing.life import CODES, Times
from ec2lite.testing.quotas import AWS_QUOTAS, Levels, Quotas
from ec2lite.testing.server import serving
from ec2lite.testing.service import Service
from ec2lite.testing.transports import AsyncFakeTransport, FakeTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager

    from ec2lite.testing.calls import Call
    from ec2lite.testing.sent import Reply, Sent

State = Literal["pending", "running", "stopping", "stopped", "shutting-down", "terminated"]


class FakeEC2:
    """An EC2 in this process: instances that change state on a clock, behind EC2's wire format.

    - ``clock``: a ``VirtualClock`` of its own if not given, which ``advance`` moves;
      ``RealClock()`` runs by itself.
    - ``region`` and ``zones``: where it is; the zones are ``a``, ``b`` and ``c`` of the Region.
    - ``quotas``: for an action the buckets of requests and of instances, ``(Bucket, Bucket)``, the
      second of which may be None; AWS's documented ones if not given, none for ``{}``. Descriptions
      have other ones under ``"DescribeInstances without filters or pages"``, if that is there.
    - ``policy``: whether a ``Call`` is permitted; all are, if not given.
    - ``times``: how long changes take.
    - ``seed``: of ids, of the order of elements and of the high bytes of state codes.

    ``latency`` is how many seconds an answer takes, ``lag`` by how many what it describes is late:
    so long an instance that was launched is not found.
    """

    def __init__(
        self,
        *,
        clock: DatedClock | None = None,
        region: str = "us-east-1",
        zones: Sequence[str] | None = None,
        quotas: Quotas | None = None,
        policy: Callable[[Call], bool] | None = None,
        times: Times | None = None,
        seed: int = 0,
    ) -> None:
        given = VirtualClock() if clock is None else clock
        expected = "a VirtualClock or a RealClock"
        self.clock: DatedClock = checks.instance("clock", given, DatedClock, expected)
        self.region: str = checks.region("region", region)
        self.zones: tuple[str, ...] = tuple(zones or (f"{region}{each}" for each in "abc"))
        self.credentials: Credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "the-fake-secret")
        self.latency: float = 0.0
        dice = Random(seed)  # noqa: S311 - to be repeated
        self._fleet = Fleet(dice, times or Times(), self.zones)
        self._service = Service(
            self.region,
            self._fleet,
            Identities(self.credentials, dice),
            Levels(AWS_QUOTAS if quotas is None else quotas),
            policy,
        )
        self.transport: FakeTransport = FakeTransport(self)
        self.async_transport: AsyncFakeTransport = AsyncFakeTransport(self)

    @property
    def calls(self) -> list[Call]:
        """What was asked, in order."""
        return self._service.calls

    @property
    def lag(self) -> float:
        """By how many seconds descriptions are late."""
        return self._fleet.lag

    @lag.setter
    def lag(self, seconds: float) -> None:
        self._fleet.lag = seconds

    @property
    def no_capacity(self) -> set[tuple[str, str]]:
        """The pairs of an instance type and a zone in which no instance starts."""
        return self._fleet.no_capacity

    def advance(self, seconds: float) -> None:
        """Move a virtual clock; for any other it is a ``ConfigError``."""
        if not isinstance(self.clock, VirtualClock):
            raise ConfigError("clock must be a VirtualClock to be moved")
        self.clock.advance(seconds)

    def client(self, **more: Any) -> Client:  # noqa: ANN401 - Client's own arguments
        """Return a client that asks this EC2 and waits on its clock; ``more`` is for ``Client``."""
        return Client(**self._options(self.transport, more))

    def async_client(self, **more: Any) -> AsyncClient:  # noqa: ANN401 - as above
        """Return the same for code that awaits."""
        return AsyncClient(**self._options(self.async_transport, more))

    def _options(self, transport: object, more: dict[str, Any]) -> dict[str, Any]:
        mine = {"region": self.region, "credentials": self.credentials, "clock": self.clock}
        return {**mine, "transport": transport, **more}

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> AbstractContextManager[str]:
        """Serve over HTTP while a ``with`` block runs; it gets the URL. Port 0 is any that is free.

        Programs of any language can be pointed there. Their signatures are checked against the real
        time; states run on the clock.
        """
        return serving(host, port, lambda sent: self.answer(sent, signed_for=datetime.now(UTC)))

    def answer(self, sent: Sent, *, signed_for: datetime | None = None) -> Reply:
        """Answer an HTTP request, whose signature is for the clock's time if not for another."""
        now = self.clock()
        return self._service.answer(sent, now, signed_for or now)

    def fail_next(
        self, action: str, code: str, *, times: int = 1, status: int | None = None
    ) -> None:
        """Refuse the next requests for an action with a code, under its usual HTTP status."""
        _check_action(action)
        self._service.faults.add(action, checks.whole("times", times), faults.refusal(code, status))

    def reset_next(self, action: str, times: int = 1) -> None:
        """Cut the connection of the next requests for an action, which are not carried out."""
        _check_action(action)
        self._service.faults.add(action, checks.whole("times", times), faults.Reset)

    def run_instances(
        self,
        n: int = 1,
        *,
        state: State = "running",
        zone: str | None = None,
        instance_type: str | None = None,
        tags: Mapping[str, str] = {},
        stop_protected: bool = False,
        termination_protected: bool = False,
        hibernation: bool = False,
        hibernation_fails: bool = False,
        spot: Literal["one-time", "persistent"] | None = None,
        root_device_type: Literal["ebs", "instance-store"] = "ebs",
        managed: bool = False,
        auto_scaling_group: str | None = None,
        xen: bool = False,
        stuck: Literal["until-forced", "for-ever"] | None = None,
        start_fails: Literal["InsufficientInstanceCapacity", "kms"] | None = None,
    ) -> list[str]:
        """Make instances and return their ids.

        They have been in their ``state`` for long; a state that passes has just begun, so that
        ``pending`` is a launch. Without a ``zone`` they are in all of them, in turn.

        - ``hibernation``: launched for it; with ``hibernation_fails`` EC2 accepts it and then stops
          the instance in the ordinary way.
        - ``xen``: of a type that is not built on Nitro.
        - ``stuck``: it stays in ``stopping`` and ``shutting-down``, until a request has ``Force``
          or for ever.
        - ``start_fails``: the request is refused, or the instance falls back to ``stopped``.
        """
        _check("state", state, CODES)
        _check("zone", zone, [None, *self.zones])
        _check("spot", spot, [None, "one-time", "persistent"])
        _check("root_device_type", root_device_type, ["ebs", "instance-store"])
        _check("stuck", stuck, [None, "until-forced", "for-ever"])
        _check("start_fails", start_fails, [None, "InsufficientInstanceCapacity", "kms"])
        model = FakeInstance(
            instance_type=instance_type or ("t2.micro" if xen else "t3.micro"),
            tags=dict(tags),
            stop_protected=stop_protected,
            termination_protected=termination_protected,
            hibernation=hibernation,
            hibernation_fails=hibernation_fails,
            spot=spot,
            root_device_type=root_device_type,
            managed=managed,
            auto_scaling_group=auto_scaling_group,
            stuck=stuck,
            start_fails=start_fails,
        )
        now = self.clock()
        made = self._fleet.populate(model, checks.whole("n", n), zone, state, now)
        return [each.instance_id for each in made]


def _check_action(action: str) -> None:
    if action not in {*ACTIONS, *sts.ACTIONS}:
        raise checks.wrong("action", "one that the fake has, such as StopInstances", repr(action))


def _check(name: str, value: object, known: Collection[object]) -> None:
    if value not in known:
        raise checks.wrong(name, f"one of {', '.join(map(str, known))}", repr(value))
