"""The front of a fake EC2: from the bytes of a request to those of the answer.

A request passes, in this order: faults on demand, the signature, the quota of requests, the names
of parameters, the ids, the policy, the dry run, the states, the quota of instances.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from attrs import evolve

from ec2lite.testing import documents, signatures, sts
from ec2lite.testing.actions import ACTIONS
from ec2lite.testing.calls import OK, RESET, Call
from ec2lite.testing.faults import Faults, Reset
from ec2lite.testing.refusals import Refusal
from ec2lite.testing.request import Request
from ec2lite.testing.sent import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ec2lite.testing.fleet import Fleet
    from ec2lite.testing.identities import Identities, Identity
    from ec2lite.testing.quotas import Levels
    from ec2lite.testing.sent import Sent

VERSION: Final = "2016-11-15"
_APART: Final = {"Action", "Version"}
_HEADERS: Final = {"content-type": "text/xml;charset=UTF-8", "server": "AmazonEC2"}


class Service:
    """Answers requests, one at a time. ``policy`` says whether a call is permitted."""

    def __init__(
        self,
        region: str,
        fleet: Fleet,
        identities: Identities,
        levels: Levels,
        policy: Callable[[Call], bool] | None,
    ) -> None:
        self.calls: list[Call] = []
        self.faults: Faults = Faults()
        self._region = region
        self._fleet = fleet
        self._identities = identities
        self._levels = levels
        self._policy = policy
        self._lock = threading.Lock()

    def answer(self, sent: Sent, now: datetime, signed_for: datetime) -> Reply:
        """Return the answer to a request; raise ``Reset`` where the connection is to be cut.

        ``signed_for`` is the time that signatures are checked against.
        """
        form = dict(parse_qsl(sent.body.decode("utf-8", "replace"), keep_blank_values=True))
        parameters = {name: value for name, value in form.items() if name not in _APART}
        call = Call(form.get("Action", ""), parameters, now)
        with self._lock:
            try:
                outcome, reply = self._reply(sent, call, form.get("Version", ""), signed_for)
            except Reset:
                self.calls.append(evolve(call, outcome=RESET))
                raise
            self.calls.append(evolve(call, outcome=outcome))
        reply.headers["date"] = f"{signed_for:%a, %d %b %Y %H:%M:%S} GMT"
        return reply

    def _reply(
        self, sent: Sent, call: Call, version: str, signed_for: datetime
    ) -> tuple[str, Reply]:
        request_id = self._request_id()
        headers = {**_HEADERS, "x-amzn-requestid": request_id}
        is_sts = call.action in sts.ACTIONS
        try:
            self.faults.strike(call.action)
            service = "sts" if is_sts else "ec2"
            identity = signatures.identify(
                sent, self._identities, region=self._region, service=service, now=signed_for
            )
            _check_version(version, sts.VERSION if is_sts else VERSION)
            if is_sts:
                body = self._sts(call, identity, signed_for, request_id)
            else:
                body = self._ec2(call, identity, request_id)
        except Refusal as refusal:
            write = documents.sts_failure if is_sts else documents.failure
            return refusal.code, Reply(refusal.status, headers, write(refusal, request_id))
        return OK, Reply(200, headers, body)

    def _sts(self, call: Call, identity: Identity, now: datetime, request_id: str) -> bytes:
        if call.action != sts.NEEDS_NO_PERMISSION:
            self._permit(call, identity)
        content = sts.ACTIONS[call.action](call, identity, self._identities, now)
        return documents.sts_answer(call.action, content, request_id)

    def _ec2(self, call: Call, identity: Identity, request_id: str) -> bytes:
        """Return the document of the answer; raise ``Refusal`` otherwise."""
        request = Request(call.action, call.parameters)
        is_whole = "MaxResults" not in call.parameters and "Filter.1.Name" not in call.parameters
        self._levels.take_request(call.action, call.time, is_whole=is_whole)
        action = ACTIONS.get(call.action)
        if action is None:
            raise Refusal(
                "InvalidAction", f"The action {call.action} is not valid for this web service."
            )
        request.check_names(action.known)
        if action.takes_ids:
            request.need("InstanceId")
        request.check_ids()
        self._fleet.known(request.instance_ids, call.time)
        self._permit(call, identity)
        if request.flag("DryRun"):
            raise Refusal("DryRunOperation")
        action.check(request, self._fleet, call.time)
        self._levels.take_instances(call.action, len(set(call.instance_ids)), call.time)
        content = action.perform(request, self._fleet, call.time)
        return documents.answer(call.action, content, request_id, self._fleet.dice)

    def _permit(self, call: Call, identity: Identity) -> None:
        if self._policy is not None and not self._policy(call):
            raise sts.denied(call, identity, self._region)

    def _request_id(self) -> str:
        digits = f"{self._fleet.dice.getrandbits(128):032x}"
        return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


def _check_version(version: str, known: str) -> None:
    if version != known:
        raise Refusal(
            "NoSuchVersion", f"The requested version ({version}) of the service does not exist"
        )
