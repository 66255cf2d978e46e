"""What the two actions on one attribute share: the attributes' names, and their values.

A value is in an element of its own: ``<disableApiStop><value>true</value></disableApiStop>`` in an
answer, ``DisableApiStop.Value`` in a request.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ec2lite import checks
from ec2lite.operations.members import Kind
from ec2lite.operations.scalars import BOOLEAN, BYTES, TEXT
from ec2lite.protocol import xml

if TYPE_CHECKING:
    from ec2lite.operations.members import Pairs, Read
    from ec2lite.protocol.xml import Element

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceAttribute.html
ATTRIBUTES: Final = (
    "instanceType",
    "kernel",
    "ramdisk",
    "userData",
    "disableApiTermination",
    "instanceInitiatedShutdownBehavior",
    "rootDeviceName",
    "blockDeviceMapping",
    "productCodes",
    "sourceDestCheck",
    "groupSet",
    "ebsOptimized",
    "sriovNetSupport",
    "enaSupport",
    "enclaveOptions",
    "disableApiStop",
)
_BY_LETTERS: Final = {name.lower(): name for name in ATTRIBUTES}


def attribute_name(value: str) -> str:
    """Return an attribute's name; refuse what is not one, and say which is the nearest."""
    checks.text("attribute", value)
    if value in ATTRIBUTES:
        return value
    nearest = difflib.get_close_matches(value.lower(), _BY_LETTERS)
    if nearest:
        raise checks.wrong("attribute", repr(_BY_LETTERS[nearest[0]]), repr(value))
    raise checks.wrong("attribute", f"one of {', '.join(ATTRIBUTES)}", repr(value[:80]))


@frozen
class Value(Kind):
    """A plain value that is in an element of its own."""

    kind: Kind
    wire: str = "value"
    key: str = "Value"

    def reader(self) -> Read:
        """Return the function that reads the inner element; None where there is none."""
        wire, read = self.wire, self.kind.reader()

        def read_inner(element: Element) -> Any:  # noqa: ANN401 - a value of the inner kind
            inner = xml.find(element, wire)
            return None if inner is None else read(inner)

        return read_inner

    def dump(self, value: Any) -> dict[str, Any]:  # noqa: ANN401 - a value of the inner kind
        """Return boto3's dict."""
        return {self.key: self.kind.dump(value)}

    def pairs(self, name: str, value: Any) -> Pairs:  # noqa: ANN401 - a value of the inner kind
        """Return the pair ``DisableApiStop.Value``."""
        return self.kind.pairs(f"{name}.{self.key}", value)

    def check(self, name: str, value: object) -> None:
        """Refuse what the inner kind refuses."""
        self.kind.check(name, value)


BOOLEAN_VALUE: Final = Value(BOOLEAN)
TEXT_VALUE: Final = Value(TEXT)
BYTES_VALUE: Final = Value(BYTES)
ENCLAVE_OPTIONS: Final = Value(BOOLEAN, "enabled", "Enabled")
