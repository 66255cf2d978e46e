"""The state code of an instance on the wire: a 16-bit number, written in decimal.

AWS uses the high byte internally and asks to ignore it; the low byte is the state.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html
"""

from __future__ import annotations

from typing import Final

from ec2lite.errors import ResponseError
from ec2lite.protocol import xml

NAMES: Final[dict[int, str]] = {
    0: "pending",
    16: "running",
    32: "shutting-down",
    48: "terminated",
    64: "stopping",
    80: "stopped",
}
"""The state that each low byte means."""

_DIGITS_OF_65535 = 5


def decode(text: str) -> int:
    """Return the 16 bits of a state code, 0 to 65535; raise ``ResponseError`` for anything else."""
    digits = text.strip(xml.WHITE_SPACE)
    # int() alone would take signs, underscores, digits of other scripts, and any length.
    if digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_OF_65535:
        code = int(digits)
        if code <= 0xFFFF:
            return code
    raise ResponseError(f"the state code {text[:40]!r} is not a 16-bit integer")
