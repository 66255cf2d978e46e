"""Stop protection that is taken off for a moment, and put back whatever happens meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ec2lite.bulk.outcome import OutcomeKind
from ec2lite.bulk.sending import is_in_doubt
from ec2lite.errors import EC2Error, ServiceError
from ec2lite.operations.modify_instance_attribute import ModifyInstanceAttribute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ec2lite.bulk.ledger import Ledger
    from ec2lite.bulk.sending import Sender
    from ec2lite.engine.flow import Flow

PUT_BACK: Final = "stop protection was taken off and put back"
NOT_BACK: Final = "stop protection was taken off and not put back"
NOT_OFF: Final = "stop protection was not taken off"
_NAME: Final = "protection"


class Protection:
    """Knows whose protection is off, from before the request that takes it off is sent."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.owed: dict[str, None] = {}
        """The instances whose protection is to be put back."""

    def take_off(self, ids: Iterable[str], sender: Sender) -> Flow[list[str]]:
        """Take protection off; return those that can be stopped now."""
        off: list[str] = []
        for each in ids:
            self.owed[each] = None
            self._ledger.note(each, _NAME, NOT_BACK)
            try:
                yield from sender.send(ModifyInstanceAttribute(each, disable_api_stop=False), 0)
            except EC2Error as error:
                if isinstance(error, ServiceError) and not error.is_retryable:
                    self._ledger.settle([each], OutcomeKind.PROTECTED, error)
                else:
                    # It may do another time.
                    self._ledger.leave([each], error)
                if not is_in_doubt(error):
                    del self.owed[each]
                    self._ledger.note(each, _NAME, f"{NOT_OFF}: {error}")
            else:
                off.append(each)
        return off

    def put_back(self, sender: Sender) -> Flow[None]:
        """Put back what was taken off, in time or not; say of each whether that was done."""
        for each in list(self.owed):
            said = PUT_BACK
            request = ModifyInstanceAttribute(each, disable_api_stop=True)
            try:
                yield from sender.send(request, 0, in_time=False)
            except EC2Error as error:
                said = f"{NOT_BACK}: {error}"
            self._ledger.note(each, _NAME, said)
            del self.owed[each]
