"""A wait driven by hand, in an EC2 whose instances go through the states that a test wrote down."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from attrs import define, field

from ec2lite.engine.flow import Answer, GetCredentials, Sleep
from ec2lite.waiting.loop import Loop
from samples import KEYS, Clock, context, fault

CODES = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
NOT_FOUND = "InvalidInstanceID.NotFound"
MALFORMED = "InvalidInstanceID.Malformed"


@define(slots=False)
class EC2:
    """``lives`` has for each id pairs (seconds, state): from then on it is in that state.

    A state is EC2's word, ``not found``, ``left out``, ``malformed``, or ``running/CHECK`` with a
    status check's result. ``faults`` has what is done instead of answering, by the number of the
    request: an answer or an exception. ``took`` is how long each request takes.
    """

    lives: dict
    faults: dict = field(factory=dict)
    reasons: dict = field(factory=dict)
    attributes: dict = field(factory=dict)
    changed: dict = field(factory=dict)
    described: dict = field(factory=dict)
    took: float = 0.0
    clock: Clock = field(factory=Clock)
    asked: list = field(factory=list)
    sleeps: list = field(factory=list)

    def wait(self, request, dice=0.5, **more):
        """Return what a wait comes to."""
        made = context(self.clock, max_attempts=1, **more)
        return self.drive(Loop(request, made, lambda: dice).run())

    def loop(self, request):
        """Return the flow of a wait, and the loop that it is of."""
        loop = Loop(request, context(self.clock), lambda: 0.5)
        return loop.run(), loop

    def step(self, flow, until):
        """Do what a flow wants until it wants such a thing again."""
        effect = flow.send(None)
        while type(effect).__name__ != until:
            effect = flow.send(self.perform(effect))

    def drive(self, flow):
        """Do what a flow wants until it ends."""
        step, outcome = flow.send, None
        try:
            while True:
                effect = step(outcome)
                try:
                    step, outcome = flow.send, self.perform(effect)
                except Exception as error:
                    step, outcome = flow.throw, error
        except StopIteration as end:
            return end.value
        finally:
            flow.close()

    def perform(self, effect):
        """Do one thing."""
        assert len(self.sleeps) + len(self.asked) < 5000, "a wait without end"
        if isinstance(effect, Sleep):
            self.sleeps.append(effect.seconds)
            self.clock.move(effect.seconds)
            return None
        if isinstance(effect, GetCredentials):
            return KEYS
        pairs = dict(parse_qsl(effect.content.decode()))
        ids = [value for name, value in pairs.items() if name.startswith("InstanceId")]
        self.asked.append((pairs["Action"], ids, round(self.elapsed, 3), pairs))
        self.clock.move(self.took)
        found = self.faults.get(len(self.asked))
        if isinstance(found, Exception):
            raise found
        return found or self.answer(pairs["Action"], ids, pairs)

    @property
    def elapsed(self):
        """The seconds since the beginning."""
        return self.clock.seconds - 1000.0

    @property
    def actions(self):
        """The names of what was asked."""
        return [each[0] for each in self.asked]

    def state(self, each, action):
        """Return the state of an instance now, as an action tells it."""
        life = self.described.get(each) if action == "DescribeInstances" else None
        now = self.elapsed + 1e-9
        return [state for began, state in life or self.lives[each] if began <= now][-1]

    def answer(self, action, ids, pairs):
        """Answer a request."""
        if action == "DescribeInstanceAttribute":
            return self.attribute(ids[0], pairs["Attribute"])
        if action in {"StopInstances", "TerminateInstances"}:
            return self.change(action, ids, pairs)
        states = {each: self.state(each, action) for each in ids}
        for code, name in ((NOT_FOUND, "not found"), (MALFORMED, "malformed")):
            bad = [each for each in ids if states[each] == name]
            if bad:
                told = "', '".join(bad)
                return Answer(400, {}, fault((code, f"The instance IDs '{told}' do not exist")))
        there = {each: state for each, state in states.items() if state != "left out"}
        return Answer(200, {}, document(action, there, self.reasons).encode())

    def attribute(self, each, name):
        """Answer DescribeInstanceAttribute."""
        value = self.attributes.get((each, name), "false")
        if isinstance(value, Answer):
            return value
        return Answer(
            200,
            {},
            f"<DescribeInstanceAttributeResponse><requestId>r</requestId><instanceId>{each}"
            f"</instanceId><{name}><value>{value}</value></{name}>"
            "</DescribeInstanceAttributeResponse>".encode(),
        )

    def change(self, action, ids, pairs):
        """Answer a change; ``changed`` has what it comes to, by the flag and the id."""
        flag = "Force" if "Force" in pairs else "SkipOsShutdown"
        for each in ids:
            outcome = self.changed.get((flag, each))
            if isinstance(outcome, tuple):
                return Answer(400, {}, fault(outcome))
        for each in ids:
            outcome = self.changed.get((flag, each))
            if outcome:
                self.lives[each] = [*self.lives[each], (self.elapsed, outcome)]
        name = "stopping" if action == "StopInstances" else "shutting-down"
        state = f"<code>{CODES[name]}</code><name>{name}</name>"
        items = "".join(
            f"<item><instanceId>{each}</instanceId><currentState>{state}</currentState>"
            f"<previousState>{state}</previousState></item>"
            for each in ids
        )
        return Answer(
            200,
            {},
            f"<{action}Response><requestId>r</requestId><instancesSet>{items}</instancesSet>"
            f"</{action}Response>".encode(),
        )


def document(action, states, reasons):
    """Return the answer that describes instances in their states."""
    items = "".join(
        item(action, each, *state.partition("/")[::2], reasons) for each, state in states.items()
    )
    if action == "DescribeInstances":
        inner = f"<item><instancesSet>{items}</instancesSet></item>"
        inner = f"<reservationSet>{inner}</reservationSet>"
    else:
        inner = f"<instanceStatusSet>{items}</instanceStatusSet>"
    return f"<{action}Response><requestId>r-1</requestId>{inner}</{action}Response>"


def item(action, each, state, check, reasons):
    """Return the item of one instance."""
    inner = f"<instanceId>{escape(each)}</instanceId>"
    if re.fullmatch("[0-9]+", state):
        inner += f"<instanceState><code>{state}</code></instanceState>"
    elif state != "stateless":
        code = CODES.get(state, 99)
        inner += f"<instanceState><code>{code}</code><name>{state}</name></instanceState>"
    if action == "DescribeInstances" and each in reasons:
        code, message = reasons[each]
        inner += f"<stateReason><code>{code}</code><message>{message}</message></stateReason>"
    if action == "DescribeInstanceStatus" and check:
        instance, _, system = check.partition("+")
        inner += f"<instanceStatus><status>{instance}</status></instanceStatus>"
        if system != "none":
            inner += f"<systemStatus><status>{system or instance}</status></systemStatus>"
    return f"<item>{inner}</item>"
