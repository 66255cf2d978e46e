"""The front of a fake EC2: from the bytes of a request to those of the answer.

A request passes, in this order: faults on demand, the signature, the quota of requests, the names
of parameters, the ids, the policy, the dry run, the states, the quota of instances.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from attrs import evolve, field, frozen

from ec2lite.testing import documents
from ec2lite.testing.actions import ACTIONS
from ec2lite.testing.calls import OK, RESET, Call
from ec2lite.testing.faults import Reset
from ec2lite.testing.refusals import Refusal
from ec2lite.testing.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ec2lite.testing.actions import Action
    from ec2lite.testing.documents import Document
    from ec2lite.testing.faults import Faults
    from ec2lite.testing.fleet import Fleet
    from ec2lite.testing.quotas import Levels

_APART: Final = {"Action", "Version"}


@frozen
class Sent:
    """An HTTP request, as it arrived. Names of headers are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@frozen
class Reply:
    """What the service answers."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


class Service:
    """Answers requests, one at a time."""

    def __init__(
        self,
        fleet: Fleet,
        levels: Levels,
        faults: Faults,
        policy: Callable[[Call], bool] | None,
    ) -> None:
        self.calls: list[Call] = []
        self._fleet = fleet
        self._levels = levels
        self._faults = faults
        self._policy = policy
        self._lock = threading.Lock()

    def answer(self, sent: Sent, now: datetime, signed_for: datetime) -> Reply:
        """Return the answer to a request; raise ``Reset`` where the connection is to be cut.

        ``signed_for`` is the time that signatures are checked against.
        """
        with self._lock:
            return self._answer(sent, now, signed_for)

    def _answer(self, sent: Sent, now: datetime, signed_for: datetime) -> Reply:
        pairs = parse_qsl(sent.body.decode("utf-8", "replace"), keep_blank_values=True)
        parameters = {name: value for name, value in pairs if name not in _APART}
        call = Call(dict(pairs).get("Action", ""), parameters, now)
        try:
            outcome, reply = self._reply(call, now)
        except Reset:
            self.calls.append(evolve(call, outcome=RESET))
            raise
        self.calls.append(evolve(call, outcome=outcome))
        reply.headers["date"] = f"{signed_for:%a, %d %b %Y %H:%M:%S} GMT"
        return reply

    def _reply(self, call: Call, now: datetime) -> tuple[str, Reply]:
        request_id = self._request_id()
        try:
            content = self._content(call, now)
            body = documents.answer(call.action, content, request_id, self._fleet.dice)
            return OK, self._made(200, body, request_id)
        except Refusal as refusal:
            body = documents.failure(refusal, request_id)
            return refusal.code, self._made(refusal.status, body, request_id)

    def _content(self, call: Call, now: datetime) -> dict[str, Document]:
        """Return what the answer holds; raise ``Refusal`` otherwise."""
        self._faults.strike(call.action)
        request = Request(call.action, call.parameters)
        is_whole = "MaxResults" not in call.parameters and "Filter.1.Name" not in call.parameters
        self._levels.take_request(call.action, now, is_whole=is_whole)
        action = ACTIONS.get(call.action)
        if action is None:
            raise Refusal(
                "InvalidAction", f"The action {call.action} is not valid for this web service."
            )
        self._look(action, request, call, now)
        action.check(request, self._fleet, now)
        self._levels.take_instances(call.action, len(set(call.instance_ids)), now)
        return action.perform(request, self._fleet, now)

    def _look(self, action: Action, request: Request, call: Call, now: datetime) -> None:
        """Refuse what is wrong whatever the states are."""
        request.check_names(action.known)
        if action.takes_ids:
            request.need("InstanceId")
        request.check_ids()
        self._fleet.known(request.instance_ids, now)
        if self._policy is not None and not self._policy(call):
            raise Refusal("UnauthorizedOperation")
        if request.flag("DryRun"):
            raise Refusal("DryRunOperation")

    def _request_id(self) -> str:
        digits = f"{self._fleet.dice.getrandbits(128):032x}"
        return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])

    def _made(self, status: int, body: bytes, request_id: str) -> Reply:
        headers = {
            "content-type": "text/xml;charset=UTF-8",
            "x-amzn-requestid": request_id,
            "server": "AmazonEC2",
        }
        return Reply(status, headers, body)
