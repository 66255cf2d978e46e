"""What several answers hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ec2lite.errors import ResponseError
from ec2lite.operations.fields import Shape, known, member, nested, required, shape, text, value
from ec2lite.operations.members import Absent
from ec2lite.operations.readers import reader
from ec2lite.operations.scalars import Scalar
from ec2lite.operations.structures import Structure
from ec2lite.protocol import state_code, xml

if TYPE_CHECKING:
    from ec2lite.operations.members import Read
    from ec2lite.protocol.xml import Element


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


class _NoCode(int, Absent):
    """A code that the document lacks."""

    __slots__ = ()


class _Code(Scalar):
    """A state's code, in a document that may lack it."""

    __slots__ = ()

    def absent(self) -> _NoCode:
        """Return a code that no state has, and that ``to_dict`` leaves out."""
        return _NO_CODE


class _Reported(Structure):
    """An ``InstanceState``, or a ``PartialState``."""

    __slots__ = ()

    def reader(self) -> Read:
        """Return the function that reads what there is."""
        read, read_partial = reader(InstanceState), reader(PartialState)

        def read_state(element: Element) -> InstanceState:
            try:
                return read(element)
            except ResponseError:
                # Looking first would cost time where both are there, which is nearly always.
                if xml.find(element, "code") is None or xml.find(element, "name") is None:
                    return read_partial(element)
                raise

        return read_state


_NO_CODE: Final = _NoCode(-1)


@shape
class PartialState(InstanceState):
    """A state of which the answer has the code alone, or the name alone.

    ``raw_code`` and ``code`` are -1 then, or ``name`` is empty. EC2 itself sends both.
    """

    raw_code: int = member("code", _Code("a state code", int, state_code.decode), key="Code")
    name: str = known("name")

    @property
    def code(self) -> int:
        """The low byte of ``raw_code``, or -1."""
        return -1 if self.raw_code < 0 else self.raw_code & 0xFF


REPORTED_STATE: Final = _Reported(InstanceState)
"""The state of an instance that is described."""
