"""What a wait sends to instances that hang."""

from __future__ import annotations

import pytest
from scripted import EC2

import ec2lite
from ec2lite.waiters import WaitUntilStopped, WaitUntilTerminated
from ec2lite.waiting.escalation import ADVICE
from samples import refusal

HANGING = [(0, "stopping")]
XEN = ("OperationNotPermitted", "SkipOsShutdown is not supported on Xen instance types")
NO = ("UnauthorizedOperation", "You are not authorized to perform this operation.")
FORCE, SKIP = "Force", "SkipOsShutdown"


def escalation(force=None, skip=None):
    """Return an Escalation with these times."""
    return ec2lite.Escalation(force, skip, data_loss_accepted=True)


def changes(ec2):
    """Return the changes that were asked for: the action, the ids, when, and the flag."""
    return [
        (action, ids, when, next(flag for flag in (FORCE, SKIP) if pairs.get(flag) == "true"))
        for action, ids, when, pairs in ec2.asked
        if not action.startswith("Describe")
    ]


def failed(ec2, request):
    """Return the WaiterError that a wait ends in."""
    with pytest.raises(ec2lite.WaiterError) as caught:
        ec2.wait(request)
    return caught.value


def test_off_by_default():
    """Nothing is ever sent that changes an instance, unless that is asked for."""
    ec2 = EC2({"i-1": HANGING})
    failed(ec2, WaitUntilStopped("i-1"))
    assert [] == changes(ec2)


def test_force():
    """What hangs is forced after so many seconds: there is a look at that moment."""
    ec2 = EC2({"i-1": HANGING}, changed={(FORCE, "i-1"): "stopped"})

    result = ec2.wait(WaitUntilStopped("i-1", escalate=escalation(force=100)))

    assert "stopped" == result["i-1"].state.name
    assert [("StopInstances", ["i-1"], 100.0, FORCE)] == changes(ec2)
    assert 100 < ec2.elapsed <= 115


def test_terminated():
    """What hangs in shutting-down is terminated with the same flags."""
    ec2 = EC2(
        {"i-1": [(0, "shutting-down")], "i-2": [(0, "shutting-down")]},
        changed={(FORCE, "i-1"): "terminated", (SKIP, "i-2"): "terminated"},
    )

    ec2.wait(WaitUntilTerminated(["i-1", "i-2"], escalate=escalation(force=100, skip=50)))

    assert [
        ("TerminateInstances", ["i-1", "i-2"], 50.0, SKIP),
        ("TerminateInstances", ["i-1"], 100.0, FORCE),
    ] == changes(ec2)


def test_steps():
    """The steps are taken in the order of their times, each once."""
    ec2 = EC2({"i-1": HANGING})

    error = failed(ec2, WaitUntilStopped("i-1", escalate=escalation(force=50, skip=100)))

    assert [(50.0, FORCE), (100.0, SKIP)] == [each[2:] for each in changes(ec2)]
    assert ADVICE in str(error)


def test_only_what_hangs():
    """Nothing is sent for an instance that was just seen running, whatever is to come."""
    lives = {"i-1": [(0, "running"), (55, "stopping")], "i-2": HANGING, "i-3": [(0, "not found")]}
    ec2 = EC2(lives, changed={(FORCE, "i-1"): "stopped", (FORCE, "i-2"): "stopped"})

    error = failed(ec2, WaitUntilStopped(list(lives), escalate=escalation(force=50)))

    assert [["i-2"], ["i-1"]] == [each[1] for each in changes(ec2)]
    assert changes(ec2)[1][2] > 55
    assert ["i-3"] == list(error.stuck)


def test_terminating_waits_do_not_hurry_what_stops():
    """An instance that is stopping is not sent a termination, nor the other way round."""
    ec2 = EC2({"i-1": HANGING})
    failed(ec2, WaitUntilTerminated("i-1", timeout=100, escalate=escalation(force=50)))
    assert [] == changes(ec2)
    ec2 = EC2({"i-1": HANGING, "i-2": [(0, "shutting-down")]})
    failed(ec2, WaitUntilStopped(["i-1", "i-2"], timeout=100, escalate=escalation(force=50)))
    assert [["i-1"]] == [each[1] for each in changes(ec2)]


def test_only_what_was_just_seen():
    """Where the last look brought no answer, nothing is sent: the instance may run again."""
    broken = {number: ec2lite.TransportError("broken") for number in range(3, 12)}
    ec2 = EC2({"i-1": [(0, "stopping"), (10, "running")]}, faults=broken)

    failed(ec2, WaitUntilStopped("i-1", timeout=90, escalate=escalation(force=20)))

    assert [] == changes(ec2)


def test_not_after_the_last_look():
    """At the deadline nothing is sent any more."""
    ec2 = EC2({"i-1": HANGING})
    failed(ec2, WaitUntilStopped("i-1", timeout=100, escalate=escalation(force=100)))
    assert [] == changes(ec2)


def test_xen_falls_through_to_force():
    """Where SkipOsShutdown is refused because of Xen, Force is sent at once if it has no time."""
    ec2 = EC2(
        {"i-1": HANGING, "i-2": HANGING},
        changed={(SKIP, "i-1"): XEN, (SKIP, "i-2"): "stopped", (FORCE, "i-1"): "stopped"},
    )

    ec2.wait(WaitUntilStopped(["i-1", "i-2"], escalate=escalation(skip=50)))

    assert [
        (["i-1", "i-2"], SKIP),
        (["i-2"], SKIP),
        (["i-1"], SKIP),
        (["i-1"], FORCE),
    ] == [(each[1], each[3]) for each in changes(ec2)]
    assert {50.0} == {each[2] for each in changes(ec2)}


def test_xen_waits_for_force():
    """If Force has a time, it is sent then."""
    ec2 = EC2({"i-1": HANGING}, changed={(SKIP, "i-1"): XEN, (FORCE, "i-1"): "stopped"})

    ec2.wait(WaitUntilStopped("i-1", escalate=escalation(skip=50, force=120)))

    assert [(50.0, SKIP), (120.0, FORCE)] == [each[2:] for each in changes(ec2)]


def test_refused():
    """What was refused is told and not sent again, and leads to Force for Xen alone."""
    ec2 = EC2({"i-1": HANGING}, changed={(SKIP, "i-1"): NO})

    error = failed(ec2, WaitUntilStopped("i-1", timeout=99, escalate=escalation(skip=50)))

    assert [SKIP] == [each[3] for each in changes(ec2)]
    assert [
        "1 of 1 is not stopped after 99 s:",
        "  i-1: stopping for 99 s; SkipOsShutdown was refused: "
        "You are not authorized to perform this operation.",
    ] == str(error).splitlines()


def test_force_refused():
    """A step that all are refused is one request: it is not about one of them."""
    lives = {f"i-{n}": HANGING for n in range(9)}
    ec2 = EC2(lives, changed={(FORCE, "i-3"): NO})

    error = failed(ec2, WaitUntilStopped(list(lives), timeout=99, escalate=escalation(force=50)))

    assert 1 == len(changes(ec2))
    assert 9 == str(error).count("Force was refused: You are not authorized")
    assert ADVICE in str(error)


def test_one_bad_among_good():
    """Of one that is refused by name, the others are hurried all the same."""
    denied = ("OperationNotPermitted", "The instance 'i-2' may not be stopped.")
    ec2 = EC2(
        dict.fromkeys(("i-1", "i-2", "i-3"), HANGING),
        changed={(FORCE, "i-1"): "stopped", (FORCE, "i-2"): denied, (FORCE, "i-3"): "stopped"},
    )

    error = failed(
        ec2, WaitUntilStopped(["i-1", "i-2", "i-3"], timeout=99, escalate=escalation(force=50))
    )

    assert [["i-1", "i-2", "i-3"], ["i-1", "i-3"]] == [each[1] for each in changes(ec2)]
    assert ["i-2"] == list(error.stuck)
    assert "Force was refused: The instance 'i-2' may not be stopped." in str(error)


@pytest.mark.parametrize(
    "trouble", [refusal("RequestLimitExceeded", 503), ec2lite.TransportError("broken")]
)
def test_trouble_that_passes(trouble):
    """A step that was throttled or lost is taken at the next look."""
    ec2 = EC2({"i-1": HANGING}, changed={(FORCE, "i-1"): "stopped"})
    before = EC2({"i-1": HANGING})
    failed(before, WaitUntilStopped("i-1", timeout=99, escalate=escalation(force=50)))
    ec2.faults[before.actions.index("StopInstances") + 1] = trouble

    assert ["i-1"] == list(ec2.wait(WaitUntilStopped("i-1", escalate=escalation(force=50))))
    assert 2 == len(changes(ec2))


def test_parts():
    """A request has a hundred ids."""
    lives = {f"i-{n}": HANGING for n in range(201)}
    ec2 = EC2(lives)

    failed(ec2, WaitUntilStopped(list(lives), timeout=60, escalate=escalation(force=50)))

    assert [100, 100, 1] == [len(each[1]) for each in changes(ec2)]


def test_steps_in_time():
    """When the deadline passes meanwhile, the rest is not sent."""
    lives = {f"i-{n}": HANGING for n in range(201)}
    ec2 = EC2(lives, took=5.0)

    failed(ec2, WaitUntilStopped(list(lives), timeout=45, escalate=escalation(force=1)))

    assert [16.0, 21.0, 26.0] == [each[2] for each in changes(ec2)]
    ec2 = EC2(lives, took=5.0)
    failed(ec2, WaitUntilStopped(list(lives), timeout=24, escalate=escalation(force=1)))
    assert [16.0, 21.0] == [each[2] for each in changes(ec2)]


def test_no_advice_without_force():
    """What AWS says to do after Force is not said before that."""
    ec2 = EC2({"i-1": HANGING})
    error = failed(ec2, WaitUntilStopped("i-1", timeout=99, escalate=escalation(skip=50)))
    assert ADVICE not in str(error)
    assert "https://docs.aws.amazon.com/" in ADVICE


def test_steps_that_are_due_together():
    """What begins to hang late is sent the steps that are due in the order of their times."""
    ec2 = EC2({"i-1": [(0, "running"), (55, "stopping")]})

    failed(ec2, WaitUntilStopped("i-1", timeout=99, escalate=escalation(skip=20, force=40)))

    assert [SKIP, FORCE] == [each[3] for each in changes(ec2)]
    assert 1 == len({each[2] for each in changes(ec2)})
    assert changes(ec2)[0][2] > 55


def test_bad_one_in_the_first_part():
    """Of one that is refused in the first part, the other parts are sent all the same."""
    lives = {f"i-{n}": HANGING for n in range(150)}
    denied = ("OperationNotPermitted", "The instance 'i-2' may not be stopped.")
    ec2 = EC2(lives, changed={(FORCE, "i-2"): denied})

    failed(ec2, WaitUntilStopped(list(lives), timeout=60, escalate=escalation(force=50)))

    assert [100, 99, 50] == [len(each[1]) for each in changes(ec2)]
