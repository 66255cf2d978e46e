"""The steps of an escalation: which instances are sent what, when."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from ec2lite.errors import OperationNotPermitted
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.operations.terminate_instances import TerminateInstances

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ec2lite.engine.flow import Flow
    from ec2lite.protocol.operation import Operation
    from ec2lite.waiting.conditions import Condition
    from ec2lite.waiting.looks import Looks
    from ec2lite.waiting.progress import Escalation
    from ec2lite.waiting.seen import Seen

FORCE: Final = "Force"
SKIP: Final = "SkipOsShutdown"
ADVICE: Final = (
    "AWS says of an instance that is not stopped ten minutes after Force: ask AWS Support, or"
    " re:Post; https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/"
    "TroubleshootingInstancesStopping.html"
)


class Steps:
    """Hurries instances that hang, step after step; each step is taken once for an instance."""

    def __init__(
        self, escalation: Escalation | None, condition: Condition, looks: Looks, began: float
    ) -> None:
        after = (
            {}
            if escalation is None
            else {
                SKIP: escalation.skip_os_shutdown_after,
                FORCE: escalation.force_after,
            }
        )
        self._moments = {step: began + each for step, each in after.items() if each is not None}
        self._hangs = condition.hangs
        self._looks = looks

    def after(self, now: float) -> float:
        """Return when the next step is due; infinity if none is."""
        return min((each for each in self._moments.values() if each > now), default=math.inf)

    def take(self, waiting: Mapping[str, Seen], fresh: Collection[str], now: float) -> Flow[None]:
        """Take the steps that are due, for those of ``fresh`` that hang: they were just seen."""
        hanging = [each for each in fresh if each in waiting and waiting[each].state == self._hangs]
        for step in sorted(self._moments, key=self._moments.__getitem__):
            if self._moments[step] <= now:
                yield from self._send(step, {each: waiting[each] for each in hanging})

    def advice(self, stuck: Iterable[Seen]) -> list[str]:
        """Return what AWS says to do where the last step did not help."""
        return [ADVICE] if any(FORCE in seen.steps for seen in stuck) else []

    def _send(self, step: str, hanging: Mapping[str, Seen]) -> Flow[None]:
        ids = [each for each, seen in hanging.items() if step not in seen.steps]
        sent = yield from self._looks.change(lambda part: self._request(step, part), ids)
        is_last = FORCE not in self._moments
        refused: dict[str, Seen] = {}
        for each, error in sent.items():
            hanging[each].steps.add(step)
            if error is not None:
                hanging[each].notes.append(f"{step} was refused: {error.message}")
                if step == SKIP and is_last and isinstance(error, OperationNotPermitted):
                    refused[each] = hanging[each]
        if refused:
            yield from self._send(FORCE, refused)

    def _request(self, step: str, ids: Sequence[str]) -> Operation[Any]:
        kind = StopInstances if self._hangs == "stopping" else TerminateInstances
        if step == FORCE:
            return kind(ids, force=True)
        return kind(ids, skip_os_shutdown=True)
