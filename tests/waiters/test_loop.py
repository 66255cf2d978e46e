"""What a wait comes to, in EC2s whose instances do what a test wrote down."""

from __future__ import annotations

import pytest
from scripted import EC2

import ec2lite
from ec2lite.engine.flow import Answer
from ec2lite.waiters import (
    WaitUntilRunning,
    WaitUntilStatusOk,
    WaitUntilStopped,
    WaitUntilTerminated,
)
from samples import fault, refusal

STOPPING = [(0, "stopping"), (30, "stopped")]
BROKEN = ec2lite.TransportError("broken")
SHUTDOWN = ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown")


def failed(ec2, request, **more):
    """Return the WaiterError that a wait ends in."""
    with pytest.raises(ec2lite.WaiterError) as caught:
        ec2.wait(request, **more)
    return caught.value


def lines(error):
    """Return the lines of an error's message."""
    return str(error).splitlines()


def test_stopped():
    """A wait asks for the status of all instances until they are there, and describes them once."""
    ec2 = EC2({"i-1": STOPPING, "i-2": STOPPING})

    result = ec2.wait(WaitUntilStopped(["i-2", "i-1"]))

    assert ["i-2", "i-1"] == list(result)
    assert {"stopped"} == {each.state.name for each in result.values()}
    assert [*["DescribeInstanceStatus"] * 7, "DescribeInstances"] == ec2.actions
    assert {"true"} == {each[3]["IncludeAllInstances"] for each in ec2.asked[:-1]}
    assert [1.5, 3.525, 6.562, 11.119, 17.953, 28.205, 41.705, 41.705] == (
        [each[2] for each in ec2.asked]
    )


def test_only_the_others():
    """Those that are there are not asked about again."""
    ec2 = EC2({"i-1": [(0, "stopped")], "i-2": STOPPING, "i-3": [(0, "stopping"), (5, "stopped")]})

    result = ec2.wait(WaitUntilStopped(["i-1", "i-2", "i-3"]))

    assert ["i-1", "i-2", "i-3"] == list(result)
    assert [
        ("DescribeInstanceStatus", ["i-1", "i-2", "i-3"]),
        ("DescribeInstances", ["i-1"]),
        ("DescribeInstanceStatus", ["i-2", "i-3"]),
        ("DescribeInstanceStatus", ["i-2", "i-3"]),
        ("DescribeInstances", ["i-3"]),
        ("DescribeInstanceStatus", ["i-2"]),
    ] == [each[:2] for each in ec2.asked[:6]]
    assert ("DescribeInstances", ["i-2"]) == ec2.asked[-1][:2]


@pytest.mark.parametrize(
    ("cls", "life"),
    [
        (WaitUntilRunning, [(0, "pending"), (20, "running")]),
        (WaitUntilRunning, [(0, "stopped"), (50, "pending"), (70, "running")]),
        (WaitUntilRunning, [(0, "stopping"), (50, "pending"), (70, "running")]),
        (WaitUntilRunning, [(0, "not found"), (50, "pending"), (70, "running")]),
        (WaitUntilRunning, [(0, "left out"), (50, "pending"), (70, "running")]),
        (WaitUntilRunning, [(0, "thawing"), (500, "running")]),
        (WaitUntilRunning, [(0, "0"), (500, "16")]),
        (WaitUntilRunning, [(0, "stateless"), (500, "running")]),
        (WaitUntilStopped, [(0, "running"), (50, "stopping"), (900, "stopped")]),
        (WaitUntilStopped, [(0, "pending"), (50, "stopping"), (900, "stopped")]),
        (WaitUntilStopped, [(0, "running"), (50, "pending"), (100, "stopped")]),
        (WaitUntilStopped, [(0, "64"), (100, "80")]),
        (WaitUntilStopped, [(0, "stopping"), (100, "running"), (130, "stopped")]),
        (WaitUntilTerminated, [(0, "running"), (50, "shutting-down"), (900, "terminated")]),
        (WaitUntilTerminated, [(0, "stopped"), (50, "terminated")]),
        (WaitUntilTerminated, [(0, "pending"), (50, "32"), (500, "48")]),
        (WaitUntilTerminated, [(0, "stopping"), (900, "terminated")]),
        (WaitUntilStatusOk, [(0, "pending"), (20, "running/initializing"), (500, "running/ok")]),
        (WaitUntilStatusOk, [(0, "stopped"), (50, "running/ok")]),
        (WaitUntilStatusOk, [(0, "running/impaired"), (500, "running/ok")]),
        (WaitUntilStatusOk, [(0, "running/ok+initializing"), (500, "running/ok")]),
        (WaitUntilStatusOk, [(0, "running"), (500, "running/ok")]),
        (WaitUntilStatusOk, [(0, "running/ok+none"), (500, "running/ok")]),
    ],
)
def test_patience(cls, life):
    """What may come true is waited for, however long it takes on the way."""
    ec2 = EC2({"i-1": life})

    assert ["i-1"] == list(ec2.wait(cls("i-1")))
    assert life[-1][0] <= ec2.elapsed < life[-1][0] + 15


@pytest.mark.parametrize(
    ("cls", "life", "latest", "text"),
    [
        (WaitUntilRunning, [(0, "terminated")], 2, "no instance comes back from that"),
        (WaitUntilRunning, [(0, "shutting-down")], 2, "no instance comes back from that"),
        (WaitUntilRunning, [(0, "pending"), (9, "stopped")], 12, "for 0 s; it went back to that"),
        (WaitUntilRunning, [(0, "pending"), (9, "stopping")], 12, "it went back to that"),
        (WaitUntilRunning, [(0, "stopped")], 75, "EC2 would show a change by now"),
        (WaitUntilRunning, [(0, "stopping")], 75, "EC2 would show a change by now"),
        (WaitUntilRunning, [(0, "not found")], 75, "EC2 would know it by now"),
        (WaitUntilRunning, [(0, "left out")], 75, "EC2 would know it by now"),
        (WaitUntilRunning, [(0, "malformed")], 2, "EC2 cannot read the id"),
        (WaitUntilStopped, [(0, "terminated")], 2, "no instance comes back from that"),
        (WaitUntilStopped, [(0, "stopping"), (9, "shutting-down")], 12, "no instance comes"),
        (WaitUntilStopped, [(0, "running")], 75, "EC2 would show a change by now"),
        (WaitUntilStopped, [(0, "pending")], 75, "EC2 would show a change by now"),
        (WaitUntilTerminated, [(0, "running")], 75, "EC2 would show a change by now"),
        (WaitUntilTerminated, [(0, "pending")], 75, "EC2 would show a change by now"),
        (WaitUntilTerminated, [(0, "stopped")], 75, "EC2 would show a change by now"),
        (WaitUntilStatusOk, [(0, "terminated")], 2, "no instance comes back from that"),
        (WaitUntilStatusOk, [(0, "shutting-down")], 2, "no instance comes back from that"),
        (WaitUntilStatusOk, [(0, "running/ok+impaired"), (9, "stopping")], 12, "it went back"),
        (WaitUntilStatusOk, [(0, "pending"), (9, "stopped")], 12, "it went back to that"),
        (WaitUntilStatusOk, [(0, "stopped")], 75, "EC2 would show a change by now"),
    ],
)
def test_hopeless(cls, life, latest, text):
    """What cannot come true fails at once, and what EC2 would show by now after 60 s."""
    ec2 = EC2({"i-1": life})

    error = failed(ec2, cls("i-1"))

    assert latest - 15 < ec2.elapsed <= latest
    assert text in lines(error)[1]
    assert f"  i-1: {life[-1][1].partition('/')[0]}".replace("left out", "not found") in str(error)


@pytest.mark.parametrize("state", ["running", "not found"])
def test_sixty_seconds(state):
    """A patience of 60 s is counted from when the state was first seen, and is then over."""
    ec2 = EC2({"i-1": [(0, "stopping"), (100, state)]})

    error = failed(ec2, WaitUntilStopped("i-1"))

    assert [95.705, 109.205, 122.705, 136.205, 149.705, 163.205, 176.705] == (
        [each[2] for each in ec2.asked if each[0] == "DescribeInstanceStatus"][10:]
    )
    assert lines(error)[1].startswith(f"  i-1: {state} for 68 s; EC2 would ")


def test_exactly_sixty_seconds():
    """60 s are enough."""
    ec2 = EC2({"i-1": [(0, "running")]})

    error = failed(ec2, WaitUntilStopped("i-1", timeout=60))

    assert "  i-1: running for 60 s; EC2 would show a change by now" == lines(error)[1]


def test_one_hopeless_id_does_not_end_the_others():
    """The wait goes on for the others, and its error has all that it knows."""
    lives = {
        "i-1": [(0, "terminated")],
        "i-2": STOPPING,
        "i-3": [(0, "not found")],
        "i-4": [(0, "malformed")],
        "i-5": [(0, "stopping")],
    }
    ec2 = EC2(lives, reasons={"i-5": SHUTDOWN, "i-1": ("Server.InternalError", "")})

    error = failed(ec2, WaitUntilStopped(list(lives), timeout=100))

    assert [
        "4 of 5 are not stopped after 100 s:",
        "  i-1: terminated for 2 s (Server.InternalError); no instance comes back from that",
        "  i-3: not found for 69 s; EC2 would know it by now",
        "  i-4: malformed for 2 s; EC2 cannot read the id",
        "  i-5: stopping for 100 s (Client.UserInitiatedShutdown: User initiated shutdown)",
    ] == lines(error)
    assert ["i-1", "i-3", "i-4", "i-5"] == list(error.stuck)
    assert [("i-2", "stopped")] == [(k, v.state.name) for k, v in error.reached.items()]
    assert (None, None) == (error.stuck["i-3"], error.stuck["i-4"])
    assert ("terminated", "stopping") == (
        error.stuck["i-1"].state.name,
        error.stuck["i-5"].state.name,
    )
    assert error.__cause__ is None
    assert 100.0 == ec2.elapsed


def test_one_alone():
    """One instance is spoken of in the singular."""
    error = failed(EC2({"i-1": [(0, "stopping")]}), WaitUntilStopped("i-1", timeout=9))

    assert ["1 of 1 is not stopped after 9 s:", "  i-1: stopping for 9 s"] == lines(error)


def test_many_are_counted():
    """Ten are named, the others are counted by their states."""
    lives = {f"i-{n}": [(0, "running" if n == 12 else "stopping")] for n in range(13)}
    error = failed(EC2(lives), WaitUntilStopped(list(lives), timeout=9))

    assert 12 == len(lines(error))
    assert "  i-9: stopping for 9 s" == lines(error)[10]
    assert "  and 3 more: 2 stopping, 1 running" == lines(error)[11]
    lives.pop("i-12")
    lives.pop("i-11")
    lives.pop("i-10")
    assert 11 == len(lines(failed(EC2(lives), WaitUntilStopped(list(lives), timeout=9))))


def test_description_decides():
    """What the status says is believed when the description says so too."""
    ec2 = EC2({"i-1": STOPPING}, described={"i-1": [(0, "stopping"), (50, "stopped")]})

    result = ec2.wait(WaitUntilStopped("i-1"))

    assert "stopped" == result["i-1"].state.name
    assert [41.705, 55.205] == [a[2] for a in ec2.asked if a[0] == "DescribeInstances"]


def test_description_saves():
    """What seems lost goes on being waited for where its description says otherwise."""
    life = [(0, "pending"), (9, "stopped"), (15, "running")]
    ec2 = EC2({"i-1": life}, described={"i-1": [(0, "pending"), (12, "running")]})

    assert ["i-1"] == list(ec2.wait(WaitUntilRunning("i-1")))
    assert 17.953 == round(ec2.elapsed, 3)


def test_description_finds_it_there():
    """What seems lost is there where its description says so."""
    life = [(0, "pending"), (9, "stopped")]
    ec2 = EC2({"i-1": life}, described={"i-1": [(0, "running")]})

    assert ["i-1"] == list(ec2.wait(WaitUntilRunning("i-1")))
    assert 11.119 == round(ec2.elapsed, 3)


@pytest.mark.parametrize("state", ["left out", "not found"])
def test_not_described_yet(state):
    """What is there but cannot be described yet is asked about again."""
    ec2 = EC2({"i-1": STOPPING}, described={"i-1": [(0, state), (50, "stopped")]})

    assert ["i-1"] == list(ec2.wait(WaitUntilStopped("i-1")))
    assert 55.205 == round(ec2.elapsed, 3)


@pytest.mark.parametrize("state", ["left out", "not found"])
def test_never_described(state):
    """An answer that leaves an id out never means success, whichever answer that is."""
    ec2 = EC2({"i-1": STOPPING}, described={"i-1": [(0, state)]})

    error = failed(ec2, WaitUntilStopped("i-1", timeout=60))

    assert {"i-1": None} == error.stuck
    assert {} == error.reached
    assert 60.0 == ec2.elapsed


@pytest.mark.parametrize("state", ["left out", "not found"])
def test_lost_and_not_described(state):
    """What is lost is lost, whether it is described or not."""
    ec2 = EC2({"i-1": [(0, "terminated")]}, described={"i-1": [(0, state)]})

    error = failed(ec2, WaitUntilStopped("i-1"))

    assert {"i-1": None} == error.stuck
    assert 1.5 == ec2.elapsed


@pytest.mark.parametrize("goal", [WaitUntilStopped, WaitUntilStatusOk])
def test_left_out(goal):
    """Where some ids are left out of each answer, the others are not enough."""
    end = "running/ok" if goal is WaitUntilStatusOk else "stopped"
    ec2 = EC2({"i-1": [(0, end)], "i-2": [(0, "left out")]})

    error = failed(ec2, goal(["i-1", "i-2"], timeout=30))

    assert ["i-1"] == list(error.reached)
    assert {"i-2": None} == error.stuck


def test_statuses():
    """A wait for status checks returns statuses, and describes only what is stuck."""
    lives = {"i-1": [(0, "running/ok")], "i-2": [(0, "running/initializing")]}
    ec2 = EC2(lives)

    error = failed(ec2, WaitUntilStatusOk(["i-1", "i-2"], timeout=30))

    assert "ok" == error.reached["i-1"].system_status.status
    assert "running" == error.stuck["i-2"].state.name
    assert [
        "1 of 2 is not passing their status checks after 30 s:",
        "  i-2: initializing for 30 s",
    ] == lines(error)
    assert [("DescribeInstances", ["i-2"])] == [
        each[:2] for each in ec2.asked if each[0] == "DescribeInstances"
    ]


def test_case_of_ids():
    """An answer may write ids in another case, or with space around them."""
    ec2 = EC2({"I-1A": [(0, "stopped")]})
    answer = ec2.answer

    def lower(action, ids, pairs):
        got = answer(action, ids, pairs)
        return Answer(200, {}, got.body.replace(b"I-1A", b" i-1a "))

    ec2.answer = lower

    assert ["I-1A"] == list(ec2.wait(WaitUntilStopped("I-1A")))


def test_parts():
    """Statuses are asked for by 100 ids, descriptions by 1000."""
    lives = {f"i-{n}": [(0, "stopped")] for n in range(1001)}
    ec2 = EC2(lives)

    result = ec2.wait(WaitUntilStopped(list(lives)))

    assert list(lives) == list(result)
    assert [*[100] * 10, 1, 1000, 1] == [len(each[1]) for each in ec2.asked]
    assert list(lives)[:100] == ec2.asked[0][1]


def test_pages():
    """An answer in pages is read to its end."""
    ec2 = EC2({"i-1": [(0, "stopped")], "i-2": [(0, "stopped")]})
    answer = ec2.answer

    def paged(action, ids, pairs):
        if action != "DescribeInstanceStatus":
            return answer(action, ids, pairs)
        if "NextToken" in pairs:
            return answer(action, ["i-2"], pairs)
        got = answer(action, ["i-1"], pairs)
        token = b"</instanceStatusSet><nextToken>more</nextToken>"
        return Answer(200, {}, got.body.replace(b"</instanceStatusSet>", token))

    ec2.answer = paged

    assert ["i-1", "i-2"] == list(ec2.wait(WaitUntilStopped(["i-1", "i-2"])))
    assert ["DescribeInstanceStatus"] * 2 + ["DescribeInstances"] == ec2.actions


def test_bad_ids_among_good_ones():
    """The named ids are left out at once, and come in parts of their own at the next look."""
    lives = {f"i-{n}": [(0, "stopping"), (2, "stopped")] for n in range(120)}
    lives["i-7"] = lives["i-110"] = [(0, "not found"), (20, "stopped")]
    ec2 = EC2(lives)

    result = ec2.wait(WaitUntilStopped(list(lives)))

    assert 120 == len(result)
    sizes = [len(each[1]) for each in ec2.asked]
    assert [100, 99, 20, 19] == sizes[:4]
    # The second look: a part of good ones, a part with the others, and that again without them.
    assert [100, 20, 18, 118] == sizes[4:8]
    assert [2, 2, 2] == sizes[8:11]


def test_id_that_begins_like_another():
    """A message names whole ids: i-1 is not named where i-12 is."""
    ec2 = EC2({"i-1": [(0, "stopped")], "i-12": [(0, "malformed")]})

    error = failed(ec2, WaitUntilStopped(["i-1", "i-12"]))

    assert ["i-1"] == list(error.reached)
    assert 3 == len(ec2.asked)


def test_message_that_names_nobody():
    """Where a refusal names no id, the ids are asked about by halves."""
    lives = {f"i-{n}": [(0, "stopped")] for n in range(5)}
    lives["i-3"] = [(0, "not found")]
    ec2 = EC2(lives)
    answer = ec2.answer

    def silent(action, ids, pairs):
        got = answer(action, ids, pairs)
        if got.status_code == 200:
            return got
        return Answer(400, {}, fault(("InvalidInstanceID.NotFound", "Some do not exist")))

    ec2.answer = silent

    error = failed(ec2, WaitUntilStopped(list(lives), timeout=1))

    assert ["i-3"] == list(error.stuck)
    assert [5, 3, 2, 1, 1, 1, 2, 4, 1] == [len(each[1]) for each in ec2.asked]


def test_several_errors_in_one_answer():
    """Each error of an answer may name ids."""
    lives = {"i-1": [(0, "stopped")], "i-2": [(0, "stopped")], "i-3": [(0, "stopped")]}
    code = "InvalidInstanceID.NotFound"
    ec2 = EC2(
        lives,
        faults={1: Answer(400, {}, fault((code, "The ID 'i-1' is not."), (code, "Nor is 'i-3'")))},
    )

    assert 3 == len(ec2.wait(WaitUntilStopped(list(lives))))
    assert [["i-2"], ["i-2"], ["i-1", "i-3"]] == [each[1] for each in ec2.asked[1:4]]


def test_progress():
    """Each change is told, and nothing else."""
    told = []
    lives = {"i-1": STOPPING, "i-2": [(0, "running"), (6, "stopping")], "i-3": [(0, "terminated")]}
    ec2 = EC2(lives)

    failed(ec2, WaitUntilStopped(list(lives), timeout=100, on_progress=told.append))

    assert [
        ({"i-1": "stopping", "i-2": "running"}, [], ["i-3"], 1.5, 98.5),
        ({"i-1": "stopping", "i-2": "stopping"}, [], ["i-3"], 6.562, 93.438),
        ({"i-2": "stopping"}, ["i-1"], ["i-3"], 41.705, 58.295),
        ({}, ["i-1"], ["i-3", "i-2"], 100.0, 0.0),
    ] == [
        (
            each.waiting,
            list(each.reached),
            list(each.stuck),
            round(each.elapsed, 3),
            round(each.remaining, 3),
        )
        for each in told
    ]
    assert "terminated" == told[0].stuck["i-3"].state.name
    assert "stopped" == told[2].reached["i-1"].state.name


def test_unknown_until_asked():
    """Of what has not been asked about yet, progress says so."""
    told = []
    lives = {f"i-{n}": [(0, "stopping")] for n in range(101)}
    ec2 = EC2(lives, faults={2: refusal("RequestLimitExceeded", 503)})

    failed(ec2, WaitUntilStopped(list(lives), timeout=2, on_progress=told.append))

    assert ("stopping", "unknown") == (told[0].waiting["i-0"], told[0].waiting["i-100"])


def test_listener_that_fails():
    """What the listener raises ends the wait."""

    def fail(progress):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        EC2({"i-1": STOPPING}).wait(WaitUntilStopped("i-1", on_progress=fail))


@pytest.mark.parametrize("trouble", [BROKEN, refusal("RequestLimitExceeded", 503)])
def test_trouble_that_passes(trouble):
    """A wait outlasts throttling and lost connections."""
    ec2 = EC2({"i-1": STOPPING}, faults={2: trouble, 3: trouble, 8: trouble})

    assert ["i-1"] == list(ec2.wait(WaitUntilStopped("i-1")))


def test_throttled_at_once():
    """Who is throttled has been answered."""
    ec2 = EC2({"i-1": STOPPING}, faults={1: refusal("RequestLimitExceeded", 503), 2: BROKEN})

    assert ["i-1"] == list(ec2.wait(WaitUntilStopped("i-1")))


def test_no_answer_ever():
    """Where nobody has ever answered, a lost connection is an error at once."""
    ec2 = EC2({"i-1": STOPPING}, faults={1: BROKEN})

    with pytest.raises(ec2lite.TransportError, match="broken"):
        ec2.wait(WaitUntilStopped("i-1"))


@pytest.mark.parametrize("number", [1, 3, 8])
def test_error_that_stays(number):
    """An error that will not pass is raised, whichever request it comes to."""
    ec2 = EC2({"i-1": STOPPING}, faults={number: refusal("UnauthorizedOperation", 403)})

    with pytest.raises(ec2lite.UnauthorizedOperation):
        ec2.wait(WaitUntilStopped("i-1"))
    assert number == len(ec2.asked)


def test_trouble_at_the_end():
    """If the last request failed, the error says so, and is caused by that."""
    ec2 = EC2({"i-1": [(0, "stopping")]}, faults={3: BROKEN, 4: BROKEN})

    error = failed(ec2, WaitUntilStopped("i-1", timeout=5))

    assert "  i-1: stopping for 5 s" == lines(error)[1]
    assert "  the last request failed: broken" == lines(error)[2]
    assert error.__cause__ is BROKEN
    assert {"i-1": None} == error.stuck


def test_refused_at_the_end():
    """An error while the stuck ones are described does not hide which those are."""
    ec2 = EC2({"i-1": [(0, "stopping")]}, faults={4: refusal("UnauthorizedOperation", 403)})

    error = failed(ec2, WaitUntilStopped("i-1", timeout=5))

    assert {"i-1": None} == error.stuck
    assert isinstance(error.__cause__, ec2lite.UnauthorizedOperation)


def test_trouble_that_passed():
    """Trouble that is over is not told."""
    ec2 = EC2({"i-1": [(0, "stopping")]}, faults={2: BROKEN})

    error = failed(ec2, WaitUntilStopped("i-1", timeout=5))

    assert error.__cause__ is None
    assert 2 == len(lines(error))


def test_time_of_requests():
    """Each request may take until ten seconds after the deadline, also one that is late."""
    ec2 = EC2({"i-1": [(0, "stopping")], "i-2": [(0, "stopped")]}, took=25.0)
    limits = []
    perform = ec2.perform

    def watched(effect):
        if hasattr(effect, "extensions"):
            limits.append(effect.extensions["deadline"])
        return perform(effect)

    ec2.perform = watched
    failed(ec2, WaitUntilStopped(["i-1", "i-2"], timeout=20))

    assert [1030.0, 1030.0] == limits


def test_slow_answers():
    """The last look begins so early that the wait ends by its deadline."""
    ec2 = EC2({"i-1": [(0, "stopping")]}, took=2.0)

    failed(ec2, WaitUntilStopped("i-1", timeout=60))

    assert [56.0, 58.0] == [each[2] for each in ec2.asked[-2:]]
    assert 60.0 == ec2.elapsed


def test_very_slow_answers():
    """After the deadline, only what is there is described: no more is asked about the rest."""
    lives = {f"i-{n}": [(0, "stopped")] for n in range(1100)}
    lives |= {f"i-x{n}": [(0, "stopping")] for n in range(1100)}
    ec2 = EC2(lives, took=3.0)

    error = failed(ec2, WaitUntilStopped(list(lives), timeout=67))

    assert [*[100] * 22, 1000, 1000] == [len(each[1]) for each in ec2.asked]
    assert 1100 == len(error.reached)
    assert {None} == set(error.stuck.values()) - {each for each in error.stuck.values() if each}
    assert 900 == sum(each is not None for each in error.stuck.values())


def test_late_in_the_middle_of_a_look():
    """When the deadline passes in the middle of a look, the rest of it is left out."""
    lives = {f"i-{n}": [(0, "stopping")] for n in range(300)}
    ec2 = EC2(lives, took=10.0)

    error = failed(ec2, WaitUntilStopped(list(lives), timeout=15))

    assert ["DescribeInstanceStatus"] * 2 == ec2.actions
    assert "  and 290 more: 190 stopping, 100 unknown" == lines(error)[-1]


def test_late_after_a_description():
    """When the deadline passes while arrivals are described, there is no other look."""
    ec2 = EC2({"i-1": [(0, "stopping")], "i-2": [(0, "stopped")]}, took=5.0)

    error = failed(ec2, WaitUntilStopped(["i-1", "i-2"], timeout=8))

    assert ["DescribeInstanceStatus", "DescribeInstances"] == ec2.actions
    assert ["i-2"] == list(error.reached)


def test_cancelled():
    """A flow that is closed asks for nothing more."""
    ec2 = EC2({"i-1": STOPPING})
    perform = ec2.perform

    def interrupted(effect):
        if len(ec2.asked) == 2:
            raise KeyboardInterrupt
        return perform(effect)

    ec2.perform = interrupted
    with pytest.raises(KeyboardInterrupt):
        ec2.wait(WaitUntilStopped("i-1"))
    assert 2 == len(ec2.asked)


# --- protection


@pytest.mark.parametrize(
    ("attribute", "requests"), [("disableApiTermination", 1), ("disableApiStop", 2)]
)
def test_protected(attribute, requests):
    """What is stopping because it is protected will not be terminated."""
    ec2 = EC2({"i-1": [(0, "stopping")]}, attributes={("i-1", attribute): "true"})

    error = failed(ec2, WaitUntilTerminated("i-1"))

    assert f"stopping for 2 s; {attribute} keeps it from being terminated" in lines(error)[1]
    assert requests == ec2.actions.count("DescribeInstanceAttribute")
    assert 1.5 == ec2.elapsed


def test_unprotected():
    """What is stopping and not protected is waited for, and its protection asked about once."""
    ec2 = EC2({"i-1": [(0, "stopping"), (200, "terminated")]})

    assert ["i-1"] == list(ec2.wait(WaitUntilTerminated("i-1")))
    assert 2 == ec2.actions.count("DescribeInstanceAttribute")


def test_protection_is_of_no_matter_elsewhere():
    """Nobody asks what protects an instance that is to be stopped, or is shutting down."""
    ec2 = EC2({"i-1": STOPPING})
    ec2.wait(WaitUntilStopped("i-1"))
    assert "DescribeInstanceAttribute" not in ec2.actions
    ec2 = EC2({"i-1": [(0, "running"), (5, "shutting-down"), (30, "terminated")]})
    ec2.wait(WaitUntilTerminated("i-1"))
    assert "DescribeInstanceAttribute" not in ec2.actions


def test_protection_that_nobody_may_ask_for():
    """Who may not ask what protects an instance waits, and does not ask again."""
    no = refusal("UnauthorizedOperation", 403)
    ec2 = EC2(
        {"i-1": [(0, "stopping"), (50, "terminated")]},
        attributes={("i-1", "disableApiTermination"): no},
    )

    assert ["i-1"] == list(ec2.wait(WaitUntilTerminated("i-1")))
    assert 1 == ec2.actions.count("DescribeInstanceAttribute")


def test_protection_is_asked_for_again():
    """A question that was throttled is asked again at the next look."""
    ec2 = EC2(
        {"i-1": [(0, "stopping"), (5, "terminated")]},
        faults={2: refusal("RequestLimitExceeded", 503)},
    )

    ec2.wait(WaitUntilTerminated("i-1"))
    assert 3 == ec2.actions.count("DescribeInstanceAttribute")


def test_protection_of_many():
    """A look asks about twenty instances: the next one about the next."""
    lives = {f"i-{n}": [(0, "stopping"), (5, "terminated")] for n in range(30)}
    ec2 = EC2(lives)

    ec2.wait(WaitUntilTerminated(list(lives)))

    assert 60 == ec2.actions.count("DescribeInstanceAttribute")
    assert 41 == ec2.actions[1:].index("DescribeInstanceStatus") + 1


def test_protection_in_time():
    """After the deadline nobody asks for protection."""
    lives = {f"i-{n}": [(0, "stopping")] for n in range(10)}
    ec2 = EC2(lives, took=3.0)

    failed(ec2, WaitUntilTerminated(list(lives), timeout=11))

    assert ["DescribeInstanceStatus", *["DescribeInstanceAttribute"] * 4] == ec2.actions


# --- interrupted


def test_interrupted():
    """How far a wait has come is told with ids, up to ten of each kind."""
    lives = {f"i-{n}": [(0, "stopping")] for n in range(12)}
    lives |= {"i-s": [(0, "stopped")], "i-t": [(0, "terminated")], "i-r": [(0, "running")]}
    ec2 = EC2(lives)
    flow, loop = ec2.loop(WaitUntilStopped(list(lives)))
    next(flow)
    assert (
        "0 of 15 reached stopped\n  still waited for (15 unknown): i-0, i-1, i-2, i-3, i-4, i-5,"
        " i-6, i-7, i-8, i-9 and 5 more" == loop.interrupted()
    )
    ec2.step(flow, until="Sleep")
    assert (
        "1 of 15 reached stopped\n"
        "  stopped: i-s\n"
        "  still waited for (12 stopping, 1 running): i-0, i-1, i-2, i-3, i-4, i-5, i-6, i-7, i-8,"
        " i-9 and 3 more\n"
        "  stuck: i-t" == loop.interrupted()
    )
    flow.close()


def test_interrupted_at_the_end():
    """When nobody is waited for any more, that is not told."""
    ec2 = EC2({"i-1": [(0, "stopped")], "i-2": [(0, "terminated")]})
    flow, loop = ec2.loop(WaitUntilStopped(["i-1", "i-2"]))
    with pytest.raises(ec2lite.WaiterError):
        ec2.drive(flow)

    assert "1 of 2 reached stopped\n  stopped: i-1\n  stuck: i-2" == loop.interrupted()


def test_item_without_an_id():
    """What an answer says of no instance is of no instance."""
    ec2 = EC2({"i-1": [(0, "stopped")]})
    answer = ec2.answer

    def more(action, ids, pairs):
        got = answer(action, ids, pairs)
        return Answer(200, {}, got.body.replace(b"<item><inst", b"<item/><item><inst"))

    ec2.answer = more
    assert ["i-1"] == list(ec2.wait(WaitUntilStopped("i-1")))


def test_exactly_ten():
    """Ten ids are told, and no others are counted."""
    lives = {f"i-{n}": [(0, "stopping")] for n in range(10)}
    flow, loop = EC2(lives).loop(WaitUntilStopped(list(lives)))
    next(flow)

    assert loop.interrupted().endswith("i-8, i-9")
    flow.close()


def test_change_of_the_first_alone():
    """A change of one is told, whichever of them it is."""
    told = []
    ec2 = EC2({"i-1": [(0, "running"), (5, "stopping")], "i-2": [(0, "stopping")]})

    failed(ec2, WaitUntilStopped(["i-1", "i-2"], timeout=30, on_progress=told.append))

    assert [
        {"i-1": "running", "i-2": "stopping"},
        {"i-1": "stopping", "i-2": "stopping"},
        {},
    ] == [each.waiting for each in told]


def test_nothing_to_tell():
    """A look without an answer tells nothing."""
    told = []
    busy = refusal("RequestLimitExceeded", 503)
    ec2 = EC2({"i-1": [(0, "stopping")]}, faults={1: busy})

    failed(ec2, WaitUntilStopped("i-1", timeout=5, on_progress=told.append))

    assert [{"i-1": "stopping"}, {}] == [each.waiting for each in told]
    assert 3.5 < told[0].elapsed < 3.6


@pytest.mark.parametrize(
    ("cls", "state", "shown"),
    [
        (WaitUntilStopped, "99", "unknown"),
        (WaitUntilStopped, "stateless", "unknown"),
        (WaitUntilStopped, "thawing", "thawing"),
        (WaitUntilStatusOk, "running", "unchecked"),
        (WaitUntilStatusOk, "running/ok+impaired", "impaired"),
        (WaitUntilStatusOk, "pending/ok", "pending"),
    ],
)
def test_shown(cls, state, shown):
    """Progress tells EC2's own words, and says where there are none."""
    told = []
    ec2 = EC2({"i-1": [(0, "stopping" if cls is WaitUntilStopped else "pending"), (2, state)]})

    error = failed(ec2, cls("i-1", timeout=30, on_progress=told.append))

    assert shown in {each.waiting.get("i-1") for each in told}
    assert f"  i-1: {shown} for " in str(error)
