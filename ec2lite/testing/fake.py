"""FakeEC2: instances on a clock, and the ways to ask for them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final, Literal

from ec2lite import checks
from ec2lite.client import AsyncClient, Client
from ec2lite.errors import ConfigError
from ec2lite.models import Credentials
from ec2lite.testing import changes, faults
from ec2lite.testing.clock import DatedClock, VirtualClock
from ec2lite.testing.fleet import Fleet, launched, long_since
from ec2lite.testing.instance import FakeInstance
from ec2lite.testing.life import CODES, Times
from ec2lite.testing.quotas import AWS_QUOTAS, Levels, Quotas
from ec2lite.testing.service import Service
from ec2lite.testing.transports import AsyncFakeTransport, FakeTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ec2lite.testing.calls import Call
    from ec2lite.testing.service import Reply, Sent

State = Literal["pending", "running", "stopping", "stopped", "shutting-down", "terminated"]
_NOT_GRACEFUL: Final = changes.Way()


class FakeEC2:
    """An EC2 in this process: instances that change state on a clock, behind EC2's wire format.

    - ``clock``: a ``VirtualClock`` of its own if not given, which ``advance`` moves;
      ``RealClock()`` runs by itself.
    - ``region`` and ``zones``: where it is; the zones are ``a``, ``b`` and ``c`` of the Region.
    - ``quotas``: for an action the buckets of requests and of instances, ``(Bucket, Bucket)``, the
      second of which may be None; AWS's documented ones if not given, none for ``{}``.
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
        self.clock: DatedClock = VirtualClock() if clock is None else clock
        self.region: str = checks.region("region", region)
        self.zones: tuple[str, ...] = tuple(zones or (f"{region}{each}" for each in "abc"))
        self.credentials: Credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "the-fake-secret")
        self.latency: float = 0.0
        self._fleet = Fleet(Random(seed), times or Times())  # noqa: S311 - to be repeated
        self._faults = faults.Faults()
        levels = Levels(AWS_QUOTAS if quotas is None else quotas)
        self._service = Service(self._fleet, levels, self._faults, policy)
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
        given = {"credentials": self.credentials, "clock": self.clock, "transport": self.transport}
        return Client(**{"region": self.region, **given, **more})

    def async_client(self, **more: Any) -> AsyncClient:  # noqa: ANN401 - as above
        """Return the same for code that awaits."""
        given = {"credentials": self.credentials, "clock": self.clock}
        mine = {"region": self.region, **given, "transport": self.async_transport}
        return AsyncClient(**{**mine, **more})

    def answer(self, sent: Sent) -> Reply:
        """Answer an HTTP request."""
        now = self.clock()
        return self._service.answer(sent, now, now)

    def fail_next(
        self, action: str, code: str, *, times: int = 1, status: int | None = None
    ) -> None:
        """Refuse the next requests for an action with a code, under its usual HTTP status."""
        self._faults.add(action, times, faults.refusal(code, status))

    def reset_next(self, action: str, times: int = 1) -> None:
        """Cut the connection of the next requests for an action, which are not carried out."""
        self._faults.add(action, times, faults.Reset)

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
        if state not in CODES:
            raise checks.wrong("state", "the name of a state", repr(state))
        now = self.clock()
        kind = instance_type or ("t2.micro" if xen else "t3.micro")
        reservation = self._fleet.new_id("r")
        ids: list[str] = []
        for index in range(checks.whole("n", n)):
            is_metal = ".metal" in kind
            life = (
                launched(now, self._fleet.times, is_metal=is_metal)
                if state == "pending"
                else long_since(_SINCE.get(state, state), now)
            )
            instance = FakeInstance(
                instance_id=self._fleet.new_id("i"),
                reservation_id=reservation,
                number=len(self._fleet.instances),
                image_id="ami-0123456789abcdef0",
                instance_type=kind,
                zone=zone or self.zones[index % len(self.zones)],
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
                life=life,
            )
            self._fleet.add(instance)
            if state == "stopping":
                changes.stop(instance, now, _NOT_GRACEFUL, self._fleet.times)
            if state == "shutting-down":
                changes.terminate(instance, now, _NOT_GRACEFUL, self._fleet.times)
            ids.append(instance.instance_id)
        return ids


# What an instance was before it came to a state that passes.
_SINCE: Final = {"stopping": "running", "shutting-down": "running"}
