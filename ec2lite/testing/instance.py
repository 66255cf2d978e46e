"""One instance of a fake EC2: what it was launched with, and its life so far."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import define, field

from ec2lite.testing.life import Life

# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-nitro-instances.html has the others.
XEN_FAMILIES: Final = frozenset(
    [
        "c1",
        "c3",
        "c4",
        "cc2",
        "cr1",
        "d2",
        "f1",
        "g2",
        "g3",
        "g3s",
        "h1",
        "hs1",
        "i2",
        "i3",
        "m1",
        "m2",
        "m3",
        "m4",
        "p2",
        "p3",
        "r3",
        "r4",
        "t1",
        "t2",
        "x1",
        "x1e",
    ]
)


@define(eq=False)
class FakeInstance:
    """An instance: its attributes, and its life."""

    instance_id: str = ""
    reservation_id: str = ""
    number: int = 0  # how many were launched before it
    image_id: str = "ami-0123456789abcdef0"
    instance_type: str = "t3.micro"
    zone: str = ""
    tags: dict[str, str] = field(factory=dict[str, str])
    stop_protected: bool = False
    termination_protected: bool = False
    hibernation: bool = False
    hibernation_fails: bool = False
    spot: str | None = None
    root_device_type: str = "ebs"
    managed: bool = False
    auto_scaling_group: str | None = None
    stuck: str | None = None
    start_fails: str | None = None
    life: Life = field(factory=Life)
    restarted: datetime | None = None
    rebooted: datetime | None = None
    attributes: dict[str, str] = field(factory=dict[str, str])
    replacement: FakeInstance | None = None

    @property
    def is_xen(self) -> bool:
        """Whether the type is one of the older ones, which are not built on Nitro."""
        family, _, size = self.instance_type.partition(".")
        return family in XEN_FAMILIES and not size.startswith("metal")

    @property
    def is_metal(self) -> bool:
        """Whether the type has no hypervisor, and takes long to start and to stop."""
        return ".metal" in self.instance_type

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags, that of the Auto Scaling group included."""
        group = self.auto_scaling_group
        return self.tags if group is None else {**self.tags, "aws:autoscaling:groupName": group}

    @property
    def address(self) -> str:
        """The private address."""
        return f"10.{self.number >> 16 & 255}.{self.number >> 8 & 255}.{self.number & 255}"

    @property
    def public_address(self) -> str:
        """The public address, one of those for documentation (RFC 5737)."""
        return f"203.0.113.{self.number & 255}"

    @property
    def dns_name(self) -> str:
        """The private DNS name."""
        return f"ip-{self.address.replace('.', '-')}.ec2.internal"

    @property
    def spot_request_id(self) -> str | None:
        """The id of the request for a Spot Instance."""
        return f"sir-{self.instance_id[-8:]}" if self.spot else None

    def state(self, time: datetime) -> str:
        """Return the state's name at a time."""
        return self.life.at(time).state

    @property
    def started(self) -> datetime:
        """What EC2 calls its launch time: a start renews it."""
        return self.restarted or self.life.begins

    def check(self, time: datetime, after: float) -> str:
        """Return what the status checks say: ok so many seconds after the last boot."""
        if self.state(time) != "running":
            return "not-applicable"
        boots = [self.life.at(time).begins]
        if self.rebooted is not None and self.rebooted <= time:
            boots.append(self.rebooted)
        return "ok" if max(boots) + timedelta(seconds=after) <= time else "initializing"
