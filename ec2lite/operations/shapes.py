"""What several answers hold."""

from __future__ import annotations

from ec2lite.operations.fields import Shape, nested, required, shape, text, value
from ec2lite.protocol import state_code


@shape
class InstanceState(Shape):
    """The state of an instance, as a 16-bit number and a name.

    ``raw_code`` is the number as sent. AWS uses its high byte internally and asks to ignore it;
    ``code`` is the low byte: 0 pending, 16 running, 32 shutting-down, 48 terminated, 64 stopping,
    80 stopped. A code or name that AWS adds one day is kept as it is.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html
    """

    raw_code: int = required(value("code", state_code.decode, key="Code"))
    name: str = required(text("name"))

    @property
    def code(self) -> int:
        """The low byte of ``raw_code``."""
        return self.raw_code & 0xFF


@shape
class InstanceStateChange(Shape):
    """What a call did to the state of one instance.

    An instance that was in the wanted state already, or on its way there, has a
    ``previous_state`` equal to its ``current_state``.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceStateChange.html
    """

    instance_id: str = required(text("instanceId"))
    current_state: InstanceState = required(nested(InstanceState, "currentState"))
    previous_state: InstanceState = required(nested(InstanceState, "previousState"))
