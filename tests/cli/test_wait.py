"""``ec2lite wait``, and ``--wait`` on what changes instances, on a fake EC2's clock."""

from __future__ import annotations

import json
import re
import sys

import pytest

from ec2lite.cli import options
from ec2lite.cli.main import main
from ec2lite.testing import FakeEC2
from terminal import Terminal

WAITING = ["stop", "start", "terminate"]


@pytest.fixture
def fake(monkeypatch):
    """Let the command line find a fake EC2."""
    made = FakeEC2()
    monkeypatch.setattr(options, "client", lambda args: made.client())
    return made


def a_terminal(monkeypatch):
    """Let stderr be a terminal. (A fixture could not: pytest changes stderr after those.)."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    return shown


def stop(fake, ids, **flags):
    """Stop instances."""
    with fake.client() as ec2:
        ec2.stop_instances(ids, **flags)


def actions(fake):
    """Return the changes that were asked for."""
    return [each.action for each in fake.calls if not each.action.startswith("Describe")]


def test_stopped(fake, capsys):
    """What was waited for is shown in a table, whether it hibernated too."""
    asleep = fake.run_instances(hibernation=True)[0]
    shut = fake.run_instances()[0]
    stop(fake, asleep, hibernate=True)
    stop(fake, shut)

    assert 0 == main(["wait", "stopped", asleep, shut])
    out, err = capsys.readouterr()
    assert (
        "INSTANCE             NOW      HIBERNATED\n"
        f"{shut}  stopped  no\n"
        f"{asleep}  stopped  yes\n" == out
    )
    lines = err.splitlines()
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert re.fullmatch(f"{time} 0 of 2 stopped, 2 stopping", lines[0])
    assert re.fullmatch(f"{time} 1 of 2 stopped, 1 stopping", lines[1])
    assert re.fullmatch(f"{time} 2 of 2 stopped", lines[2])
    assert 3 == len(lines)


@pytest.mark.parametrize(
    ("goal", "state"),
    [("running", "running"), ("terminated", "terminated"), ("status-ok", "running")],
)
def test_goals(fake, capsys, goal, state):
    """Each state can be waited for, by its name."""
    (one,) = fake.run_instances(state=state)

    assert 0 == main(["wait", goal, "--instance-ids", one, "--quiet"])
    assert (f"INSTANCE             NOW\n{one}  {goal}\n", "") == capsys.readouterr()


@pytest.mark.parametrize(
    ("goal", "name"), [("status-ok", "InstanceStatuses"), ("running", "Instances")]
)
def test_json(fake, capsys, goal, name):
    """``--json`` prints one document, of what was waited for."""
    (one,) = fake.run_instances()

    assert 0 == main(["wait", goal, one, "--json", "--quiet"])
    out, err = capsys.readouterr()
    assert "" == err
    assert [name] == list(json.loads(out))
    assert one == json.loads(out)[name][0]["InstanceId"]


def test_stuck(fake, capsys):
    """What is stuck is told line by line on stderr, what was reached is shown: exit code 1."""
    works, hangs = fake.run_instances()[0], fake.run_instances(stuck="for-ever")[0]
    stop(fake, [works, hangs])

    assert 1 == main(["wait", "stopped", works, hangs, "--timeout", "99.5", "--quiet"])
    out, err = capsys.readouterr()
    assert [f"{works}  stopped  no"] == out.splitlines()[1:]
    assert [
        "ec2lite: 1 of 2 is not stopped after 100 s:",
        f"  {hangs}: stopping for 100 s (Client.UserInitiatedShutdown: User initiated shutdown)",
    ] == err.splitlines()


def test_nothing_reached(fake, capsys):
    """Where nothing was reached, there is no table."""
    (one,) = fake.run_instances(state="terminated")

    assert 1 == main(["wait", "stopped", one])
    out, err = capsys.readouterr()
    assert "" == out
    assert err.splitlines()[0].endswith("Z 0 of 1 stopped, 1 stuck")


def test_stuck_json(fake, capsys):
    """With ``--json`` both are JSON."""
    (one,) = fake.run_instances(state="terminated")

    assert 1 == main(["wait", "stopped", one, "--json", "--quiet"])
    out, err = capsys.readouterr()
    assert {"Instances": []} == json.loads(out)
    assert ("WaiterError", 1) == (json.loads(err)["Error"]["Code"], json.loads(err)["ExitCode"])


def test_terminal(fake, monkeypatch, capsys):
    """On a terminal one line is rewritten, and cleared at the end."""
    terminal = a_terminal(monkeypatch)
    (one,) = fake.run_instances()
    stop(fake, one)

    assert 0 == main(["wait", "stopped", one])
    first, second, *rest = terminal.getvalue().split("\r")[1:]
    assert re.fullmatch(r"0 of 1 stopped, 1 stopping \([12] s\)\x1b\[K", first)
    assert re.fullmatch(r"1 of 1 stopped \(\d\d s\)\x1b\[K", second)
    assert ["\x1b[K"] == rest
    assert f"{one}  stopped" in capsys.readouterr().out


def test_narrow_terminal(fake, monkeypatch):
    """The line is cut to the width of the terminal, or it could not be rewritten."""
    terminal = a_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "12")
    (one,) = fake.run_instances(state="stopped")

    assert 0 == main(["wait", "stopped", one])
    assert "\r1 of 1 stop\x1b[K\r\x1b[K" == terminal.getvalue()


def test_dumb_terminal(fake, monkeypatch):
    """A terminal that cannot rewrite gets lines."""
    terminal = a_terminal(monkeypatch)
    monkeypatch.setenv("TERM", "dumb")
    (one,) = fake.run_instances(state="stopped")

    assert 0 == main(["wait", "stopped", one])
    assert terminal.getvalue().endswith("Z 1 of 1 stopped\n")


def test_quiet_terminal(fake, monkeypatch):
    """Nothing is shown of the progress with ``--quiet``."""
    terminal = a_terminal(monkeypatch)
    (one,) = fake.run_instances(state="stopped")

    assert 0 == main(["wait", "stopped", one, "--quiet"])
    assert "" == terminal.getvalue()


def test_no_stderr(fake, monkeypatch, capsys):
    """Without stderr there is no progress, and the wait goes on."""
    (one,) = fake.run_instances(state="stopped")
    monkeypatch.setattr(sys, "stderr", None)

    assert 0 == main(["wait", "stopped", one])
    assert f"{one}  stopped" in capsys.readouterr().out


def interrupted(fake, monkeypatch):
    """Let Ctrl-C come in the second pause of a wait."""
    sleep = fake.clock.sleep
    pauses = []

    def interrupting(seconds):
        if seconds:  # the transport's own are 0
            pauses.append(seconds)
            if len(pauses) == 2:
                raise KeyboardInterrupt
        sleep(seconds)

    monkeypatch.setattr(fake.clock, "sleep", interrupting)


def test_ctrl_c(fake, monkeypatch, capsys):
    """Ctrl-C stops the wait, not the instances, and says what was reached: exit code 130."""
    done, other = fake.run_instances(state="stopped")[0], fake.run_instances()[0]
    stop(fake, other)
    interrupted(fake, monkeypatch)

    assert 130 == main(["wait", "stopped", done, other, "--quiet"])
    out, err = capsys.readouterr()
    assert [f"{done}  stopped  no"] == out.splitlines()[1:]
    assert [
        "ec2lite: interrupted",
        "  1 of 2 reached stopped",
        f"  stopped: {done}",
        f"  still waited for (1 stopping): {other}",
    ] == err.splitlines()
    fake.clock.advance(60)
    with fake.client() as ec2:
        assert ["stopped"] == [each.state.name for each in ec2.describe_instances(other)]


def test_ctrl_c_json(fake, monkeypatch, capsys):
    """With ``--json`` an interruption tells what was done and reached, in one document."""
    (one,) = fake.run_instances()
    interrupted(fake, monkeypatch)

    assert 130 == main(["stop", one, "--wait", "--json", "--quiet"])
    out, err = capsys.readouterr()
    assert {"StoppingInstances", "ResponseMetadata", "Instances"} == set(json.loads(out))
    said = json.loads(err)
    assert ("Interrupted", 130) == (said["Error"]["Code"], said["ExitCode"])
    assert "0 of 1 reached stopped" in said["Error"]["Message"]


# --- --wait


@pytest.mark.parametrize(
    ("command", "state", "goal", "before"),
    [
        (["stop"], "running", "stopped", "stopping"),
        (["start"], "stopped", "running", "pending"),
        (["terminate", "--yes"], "running", "terminated", "shutting-down"),
    ],
)
def test_after_a_change(fake, capsys, command, state, goal, before):
    """``--wait`` shows the change, and then what came of it."""
    one, two = fake.run_instances(2, state=state)

    assert 0 == main([*command, one, two, "--wait"])
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert f"{one}  {state}  {before}" == re.sub(" {2,}", "  ", lines[1])
    assert ["INSTANCE", "NOW"] == lines[3].split()[:2]
    assert [one, goal] == lines[4].split()[:2]
    assert err.splitlines()[-1].endswith(f"2 of 2 {goal}")


def test_after_a_change_json(fake, capsys):
    """With ``--json`` both are in one document."""
    (one,) = fake.run_instances()

    assert 0 == main(["stop", one, "--wait", "--json", "--quiet"])
    printed = json.loads(capsys.readouterr().out)
    assert "stopping" == printed["StoppingInstances"][0]["CurrentState"]["Name"]
    assert "stopped" == printed["Instances"][0]["State"]["Name"]


def test_filter(fake, capsys):
    """What a filter found is waited for."""
    ids = fake.run_instances(2, tags={"env": "dev"})

    assert 0 == main(["stop", "--filter", "tag:env=dev", "--max", "2", "--wait", "--quiet"])
    assert ids == [line.split()[0] for line in capsys.readouterr().out.splitlines()[4:]]


@pytest.mark.parametrize("command", WAITING)
def test_not_asked_to(fake, capsys, command):
    """Without ``--wait`` nobody waits."""
    (one,) = fake.run_instances(state="stopped" if command == "start" else "running")
    began = fake.clock()

    assert 0 == main([command, one, *(["--yes"] if command == "terminate" else [])])
    assert began == fake.clock()
    assert 1 == len(fake.calls)


@pytest.mark.parametrize("command", WAITING)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--timeout", "9"], "--timeout must be given with --wait"),
        (["--quiet"], "--quiet must be given with --wait"),
        (["--wait", "--dry-run"], "--wait must be given without --dry-run"),
    ],
)
def test_together(fake, capsys, command, options, message):
    """What does not go together is refused before anything is sent."""
    assert 2 == main([command, "i-1234567890abcdef0", *options])
    assert f"ec2lite: {message}; see ec2lite {command} --help\n" == capsys.readouterr().err
    assert [] == fake.calls


@pytest.mark.parametrize("seconds", ["0", "-5", "soon", "nan", "1e9", ""])
def test_timeout(fake, capsys, seconds):
    """The time is a number of seconds above 0."""
    assert 2 == main(["wait", "stopped", "i-1234567890abcdef0", f"--timeout={seconds}"])
    expected = f"argument --timeout: must be a number of seconds above 0, not '{seconds}'"
    assert expected in capsys.readouterr().err


def test_reboot(fake, capsys):
    """A reboot cannot be waited for."""
    assert 2 == main(["reboot", "i-1234567890abcdef0", "--wait"])
    assert "--wait must not be given: a reboot never leaves `running`" in capsys.readouterr().err
    assert [] == fake.calls


def test_no_state(fake, capsys):
    """What to wait for has to be one of the four."""
    assert 2 == main(["wait", "asleep", "i-1234567890abcdef0"])
    assert "invalid choice: 'asleep'" in capsys.readouterr().err
    assert 2 == main(["wait", "stopped"])
    assert "no instance ids are given" in capsys.readouterr().err


def test_blank_id(fake, capsys):
    """A wrong id is refused alone: nothing is printed but that."""
    assert 2 == main(["wait", "stopped", " ", "--json"])
    assert "" == capsys.readouterr().out
