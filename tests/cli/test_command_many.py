"""Commands on many instances, on a fake EC2's clock."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest

import ec2lite
from ec2lite.bulk.progress import BatchProgress
from ec2lite.cli import bar, options, output
from ec2lite.cli.main import main
from ec2lite.testing import FakeEC2
from terminal import Terminal

UNKNOWN = "i-0123456789abcdef0"


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """Let the command line find a fake EC2, and a directory of its own."""
    made = FakeEC2()
    monkeypatch.setattr(options, "client", lambda args: made.client())
    monkeypatch.chdir(tmp_path)
    return made


def changes(fake):
    """Return the changes that were asked for."""
    return [each.action for each in fake.calls if not each.action.startswith("Describe")]


def interrupt(fake, monkeypatch, after):
    """Let Ctrl-C come instead of the answer to a request, after so many."""
    answer = fake.transport.handle_request
    seen = []

    def interrupting(request):
        seen.append(request)
        if len(seen) > after:
            raise KeyboardInterrupt
        return answer(request)

    monkeypatch.setattr(fake.transport, "handle_request", interrupting)
    return lambda: monkeypatch.setattr(fake.transport, "handle_request", answer)


def kept(tmp_path):
    """Return the file that was left to resume from."""
    (file,) = tmp_path.glob("ec2lite-*.json")
    return file


def test_more_than_one_batch(fake, capsys):
    """From 51 ids on, the plan comes first, then batches, then the outcomes and the failures."""
    ids = fake.run_instances(120)
    (protected,) = fake.run_instances(stop_protected=True)

    assert 1 == main(["stop", *ids, protected, UNKNOWN])

    out, err = capsys.readouterr()
    assert err.splitlines()[0] == "Stop 122 instances: 3 requests."
    lines = [re.sub(" {2,}", "  ", each) for each in out.splitlines()]
    assert ["OUTCOME  INSTANCES", "accepted  120", "protected  1", "not_found  1", ""] == lines[:5]
    assert "INSTANCE  OUTCOME  WHY" == lines[5]
    assert lines[6].startswith(f"{protected}  protected  ")
    assert lines[7].startswith(f"{UNKNOWN}  not_found  ")
    assert 8 == len(lines)
    assert 5 == len(changes(fake))


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (["stop"], "running"),
        (["start"], "stopped"),
        (["reboot"], "running"),
        (["terminate", "--yes"], "running"),
    ],
)
def test_few_by_choice(fake, capsys, command, state):
    """``--many`` does the same for few, with each command that changes states."""
    (one,) = fake.run_instances(state=state)

    assert 0 == main([*command, one, "--many"])

    out, err = capsys.readouterr()
    assert f"{command[0].capitalize()} 1 instance: 1 request.\n" == err.partition("2")[0]
    assert ["OUTCOME   INSTANCES", "accepted  1"] == out.splitlines()
    assert [f"{command[0].capitalize()}Instances"] == changes(fake)


def test_fifty_are_one_request(fake, capsys):
    """Fifty ids are one request, as before, which one bad id fails."""
    assert 1 == main(["stop", *fake.run_instances(49), UNKNOWN])
    assert "InvalidInstanceID.NotFound" in capsys.readouterr().err
    assert 1 == len(fake.calls)


def test_ids_from_standard_input(fake, monkeypatch, capsys):
    """Ids may come from standard input, however many there are."""
    ids = fake.run_instances(60)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(ids).encode())))

    assert 0 == main(["stop", "-"])
    assert "accepted  60" in capsys.readouterr().out


def test_filter_and_wait(fake, capsys):
    """What a filter finds is stopped and waited for, within the limit that it needs."""
    fake.run_instances(60, tags={"env": "dev"})
    fake.run_instances(2, tags={"env": "dev"}, state="stopped")

    assert 0 == main(["stop", "--filter", "tag:env=dev", "--max", "62", "--wait"])

    out, err = capsys.readouterr()
    assert ["OUTCOME   INSTANCES", "accepted  60", "60 of 60 are stopped."] == out.splitlines()
    assert err.startswith("Stop 60 instances: 2 requests.\n")
    assert err.endswith("Z 60 of 60 stopped\n")


def test_json(fake, capsys):
    """``--json`` prints a line for each instance, with the error of those that failed."""
    one, protected = *fake.run_instances(), *fake.run_instances(stop_protected=True)

    assert 1 == main(["stop", one, protected, "--many", "--json", "--quiet"])

    out, err = capsys.readouterr()
    first, second = map(json.loads, out.splitlines())
    assert {
        "InstanceId": one,
        "Outcome": "accepted",
        "PreviousState": "running",
        "CurrentState": "stopping",
        "Error": None,
    } == first
    assert (protected, "protected") == (second["InstanceId"], second["Outcome"])
    assert "OperationNotPermitted" == second["Error"]["Code"]
    assert "disableApiStop" in second["Error"]["Message"]
    assert "" == err


def test_json_after_a_wait(fake, capsys):
    """After a wait, a line has the state that was reached; what failed is not waited for."""
    ids = [*fake.run_instances(2), UNKNOWN]

    assert 1 == main(["stop", *ids, "--many", "--json", "--wait", "--quiet"])

    lines = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert ["stopped", "stopped", None] == [each["CurrentState"] for each in lines]


def test_nothing_to_wait_for(fake, capsys):
    """Where nothing was accepted, nobody waits."""
    assert 1 == main(["stop", UNKNOWN, "--many", "--wait"])
    assert ["StopInstances"] == [each.action for each in fake.calls]


def test_stuck(fake, capsys):
    """A wait that ends with instances that are stuck shows the outcomes all the same."""
    ids = [*fake.run_instances(), *fake.run_instances(stuck="for-ever")]

    assert 1 == main(["stop", *ids, "--many", "--wait", "--timeout", "99", "--quiet"])

    out, err = capsys.readouterr()
    assert ["accepted  2", "1 of 2 are stopped."] == out.splitlines()[1:]
    assert err.startswith("ec2lite: 1 of 2 is not stopped")


def test_dry_run(fake, monkeypatch, capsys):
    """``--dry-run`` asks for each batch: exit code 0 if all are allowed; nothing is kept."""
    ids = fake.run_instances(60)

    assert 0 == main(["stop", *ids, "--dry-run"])
    out, err = capsys.readouterr()
    assert err.startswith("Ask whether to stop 60 instances: 2 requests.\n")
    assert "allowed  60" in out

    fake.fail_next("StopInstances", "RequestLimitExceeded", times=9)
    assert 1 == main(["stop", ids[0], "--many", "--dry-run"])
    interrupt(fake, monkeypatch, 0)
    assert 130 == main(["stop", ids[1], "--many", "--dry-run"])
    assert [] == list(Path().glob("*.json"))


def test_many_failures_are_cut(fake, capsys):
    """Of many failures, twenty are shown, and how many more there are."""
    ids = fake.run_instances(25, stop_protected=True)

    assert 1 == main(["stop", *ids, "--many"])
    out = capsys.readouterr().out.splitlines()
    assert (25, "and 5 more: --json shows all") == (len(out), out[-1])


@pytest.mark.parametrize("most", ["0", "0.5%"])
def test_max_failures(fake, capsys, tmp_path, most):
    """--max-failures, a number or a share, ends the sending; a file has the rest."""
    bad, good = fake.run_instances(1, stop_protected=True), fake.run_instances(60)

    assert 1 == main(["stop", *bad, *good, f"--max-failures={most}"])

    assert "not_attempted" in capsys.readouterr().out
    again = ec2lite.BatchResult.from_json(kept(tmp_path).read_text())
    assert {"protected", "not_attempted"} == {each.kind.value for each in again.outcomes.values()}


@pytest.mark.parametrize("most", ["-1", "x", "0%", "100%", "1.5"])
def test_bad_max_failures(fake, capsys, most):
    """What is neither a number nor a share is refused."""
    assert 2 == main(["stop", UNKNOWN, f"--max-failures={most}"])
    assert "must be a number or a share such as 5%, not" in capsys.readouterr().err


# --- interrupted, and resumed


@pytest.mark.parametrize("after", [0, 1])
def test_ctrl_c_and_resume(fake, monkeypatch, capsys, tmp_path, after):
    """Ctrl-C leaves a file, names it, and shows what is known; --resume goes on with it."""
    ids = fake.run_instances(120)
    mend = interrupt(fake, monkeypatch, after)

    assert 130 == main(["stop", "--force", *ids])

    out, err = capsys.readouterr()
    file = kept(tmp_path)
    again = 120 - 50 * after
    said = f"  {again} can be asked again: ec2lite stop --resume {file.name}"
    assert ["ec2lite: interrupted", said] == err.splitlines()[-2:]
    assert "unknown" in out
    mend()
    assert 0 == main(["stop", "--resume", file.name])
    out, err = capsys.readouterr()
    assert err.startswith(f"Stop {again} instances: ")
    assert "accepted  120" in out
    assert ["true"] == list({each.parameters["Force"] for each in fake.calls})


def test_ctrl_c_before_anything_is_known(fake, monkeypatch, tmp_path):
    """Ctrl-C while credentials are looked for leaves a file that has all ids."""

    class Slow:
        def get_frozen_credentials(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(options, "client", lambda args: fake.client(credentials=Slow()))
    ids = fake.run_instances(2)

    assert 130 == main(["stop", *ids, "--many", "--hibernate"])

    read = ec2lite.BatchResult.from_json(kept(tmp_path).read_text())
    assert ids == list(read.outcomes)
    assert (True, "StopInstances") == (read.work["flags"]["hibernate"], read.work["action"])


def fail_the_second_batch(fake, monkeypatch):
    """Let the keys be refused from the second request on."""
    answer = fake.transport.handle_request

    def failing(request):
        if fake.calls:
            fake.fail_next("StopInstances", "InvalidClientTokenId", status=401)
        return answer(request)

    monkeypatch.setattr(fake.transport, "handle_request", failing)


def test_an_error_for_all(fake, monkeypatch, capsys, tmp_path):
    """An error that would fail every batch ends the work: 1, and a file to go on with."""
    ids = fake.run_instances(60)
    fail_the_second_batch(fake, monkeypatch)

    assert 1 == main(["stop", *ids])

    out, err = capsys.readouterr()
    first, second = err.splitlines()[-2:]
    assert first.startswith("ec2lite: StopInstances failed: InvalidClientTokenId")
    said = f"  10 can be asked again: ec2lite stop --resume {kept(tmp_path).name}"
    assert said == second
    assert "accepted       50" in out


def test_an_error_for_all_json(fake, monkeypatch, capsys, tmp_path):
    """With ``--json`` such an error names the file in its message."""
    ids = fake.run_instances(60)
    fail_the_second_batch(fake, monkeypatch)

    assert 1 == main(["stop", *ids, "--json"])

    out, err = capsys.readouterr()
    error = json.loads(err.splitlines()[-1])["Error"]
    assert ("InvalidClientTokenId", True) == (error["Code"], "--resume" in error["Message"])
    assert 60 == len(out.splitlines())


def test_an_error_before_anything(fake, capsys, tmp_path):
    """Where nothing could be sent, there is an error alone, and no file."""
    fake.fail_next("StopInstances", "InvalidClientTokenId", status=401)

    assert 1 == main(["stop", *fake.run_instances(2), "--many", "--quiet"])

    out, err = capsys.readouterr()
    assert ("", 1) == (out, len(err.splitlines()))
    assert [] == list(tmp_path.iterdir())


def test_resume_keeps_what_is_left_in_the_same_file(fake, capsys, tmp_path):
    """What still fails so that it can be asked again goes back into the file."""
    ids = fake.run_instances(2)
    fake.fail_next("StopInstances", "RequestLimitExceeded", times=3)
    assert 1 == main(["stop", *ids, "--many", "--quiet"])
    file = kept(tmp_path)
    said = f"ec2lite: 2 can be asked again: ec2lite stop --resume {file.name}\n"
    assert said == capsys.readouterr().err

    fake.fail_next("StopInstances", "RequestLimitExceeded", times=3)
    assert 1 == main(["stop", f"--resume={file.name}", "--quiet"])
    assert said == capsys.readouterr().err
    assert file == kept(tmp_path)
    assert 0 == main(["stop", "--resume", str(file), "--quiet"])


def test_terminate_resumes(fake, monkeypatch, capsys, tmp_path):
    """``terminate`` resumes too, and asks for those that are left."""
    ids = fake.run_instances(2)
    mend = interrupt(fake, monkeypatch, 0)
    assert 130 == main(["terminate", *ids, "--many", "--yes"])
    mend()
    file = str(kept(tmp_path))

    assert 2 == main(["terminate", "--resume", file])
    assert "--yes must be given" in capsys.readouterr().err
    assert 0 == main(["terminate", "--resume", file, "--yes"])
    assert "accepted  2" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["reboot", "terminate"])
def test_nothing_left(fake, capsys, tmp_path, command):
    """A file of which all is settled has nothing left to do; a reboot of unknown outcome counts."""
    action = f"{command.capitalize()}Instances"
    done = ec2lite.BatchResult(work={"action": action})
    kind = "unknown" if command == "reboot" else "accepted"
    done.outcomes["i-1"] = ec2lite.Outcome("i-1", ec2lite.OutcomeKind(kind))
    (tmp_path / "f").write_text(done.to_json())

    assert 0 == main([command, "--resume", "f"])
    assert ("", "ec2lite: nothing is left to do\n") == capsys.readouterr()
    assert [] == fake.calls


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "f must be a file that `--resume` has written, not something else"),
        (
            '{"work": 5, "outcomes": []}',
            "f must be a file that `--resume` has written, not something else",
        ),
        ('{"work": {"flags": 5}, "outcomes": []}', "f must be a file that `--resume` has written"),
        (
            '{"work": {"action": "StartInstances"}, "outcomes": []}',
            "f must be of StopInstances, not of StartInstances",
        ),
    ],
)
def test_other_files(fake, capsys, tmp_path, content, complaint):
    """A file of something else is refused."""
    (tmp_path / "f").write_text(content)
    assert 2 == main(["stop", "--resume", "f"])
    assert capsys.readouterr().err.startswith(f"ec2lite: {complaint}")


@pytest.mark.parametrize(
    "more", [["i-1"], ["--instance-ids", "i-1"], ["--filter", "a=b", "--max", "1"]]
)
def test_resume_alone(fake, capsys, more):
    """Ids and filters are in the file; others are refused."""
    assert 2 == main(["stop", "--resume", "f", *more])
    assert "--resume must be given alone, not with ids or --filter" in capsys.readouterr().err


def test_the_region_is_that_of_the_file(monkeypatch, capsys, tmp_path):
    """--resume asks in the Region where the work began."""
    asked = []
    fake = FakeEC2(region="eu-north-1")
    ids = fake.run_instances(2)
    monkeypatch.setattr(
        options, "client", lambda args: (asked.append(args.region), fake.client())[1]
    )
    monkeypatch.chdir(tmp_path)
    fake.fail_next("StopInstances", "RequestLimitExceeded", times=3)
    main(["stop", *ids, "--many"])

    assert 0 == main(["stop", "--resume", str(kept(tmp_path))])
    assert [None, "eu-north-1"] == asked


def test_a_directory_that_cannot_be_written(fake, monkeypatch, capsys, tmp_path):
    """The file goes to where temporary files are; if that fails too, this is said."""
    places = tmp_path / "here", tmp_path / "temporary"
    for each in places:
        each.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(places[1]))
    monkeypatch.chdir(places[0])
    places[0].rmdir()
    ids = fake.run_instances(2)
    fake.fail_next("StopInstances", "RequestLimitExceeded", times=6)

    assert 1 == main(["stop", *ids, "--many"])
    assert f"--resume {kept(places[1])}" in capsys.readouterr().err

    kept(places[1]).unlink()
    places[1].rmdir()
    assert 1 == main(["stop", *ids, "--many"])
    said = "2 can be asked again, but no file could be kept: No such file or directory"
    assert said in capsys.readouterr().err


# --- progress


def a_terminal(monkeypatch):
    """Let stderr be a terminal."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    return shown


def test_bar(fake, monkeypatch):
    """On a terminal a bar is rewritten, with the rate and the time that remains, and cleared."""
    terminal = a_terminal(monkeypatch)

    assert 0 == main(["stop", *fake.run_instances(1300)])

    plan, *drawn = terminal.getvalue().split("\r")
    assert "Stop 1300 instances: 26 requests, 15 s at least.\n" == plan
    assert "[..............]" not in drawn[0]
    assert re.match(r"\[\.{20}\] 50 of 1300", drawn[0])
    assert any(
        re.fullmatch(r"\[#{17}\.{3}\] 1150 of 1300, [\d.]+/s, \d+ s left\x1b\[K", each)
        for each in drawn
    )
    assert "\x1b[K" == drawn[-1]


def test_lines(fake, capsys):
    """Where no bar can be drawn, ten lines tell of the progress."""
    main(["stop", *fake.run_instances(1000)])
    lines = capsys.readouterr().err.splitlines()[1:]
    assert 10 == len(lines)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ 100 of 1000", lines[0])


@pytest.mark.parametrize("is_terminal", [True, False])
def test_quiet(fake, monkeypatch, is_terminal):
    """With ``--quiet`` there is neither plan nor progress."""
    terminal = a_terminal(monkeypatch)
    if not is_terminal:
        monkeypatch.setenv("TERM", "dumb")
    assert 0 == main(["stop", *fake.run_instances(2), "--many", "--quiet"])
    assert "" == terminal.getvalue()


def test_no_total():
    """Of nothing, nothing is done."""
    shown = bar.Bar(quiet=True)
    shown.tell(BatchProgress(0, 0, {}, None, None))
    shown.end()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (2450, "40 min 50 s"), (7261, "2 h 1 min")],
)
def test_duration(seconds, text):
    """A time has its two largest units."""
    assert text == bar.duration(seconds)


def test_explain(capsys, monkeypatch):
    """``ec2lite explain`` shows the first batch."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    ids = [f"i-{number:017x}" for number in range(60)]

    assert 0 == main(["explain", "stop", *ids, "--json"])
    out = capsys.readouterr().out
    assert [True, True, False] == [each in out for each in (ids[0], ids[49], ids[50])]


def test_no_stderr(monkeypatch):
    """Without stderr nothing can be rewritten."""
    monkeypatch.setattr(sys, "stderr", None)
    assert not output.can_rewrite()
