"""docs/vectors: what ec2lite makes of them, and a client in another language, written from them."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import vectors
from ec2lite.testing import FakeEC2, RealClock

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS: list[dict[str, Any]] = vectors.read("requests.json")
ANSWERS: list[dict[str, Any]] = vectors.read("answers.json")


def test_the_files_are_up_to_date():
    """Each file is what ec2lite makes of what goes in: python tests/vectors.py."""
    for name, text in vectors.made(REQUESTS, ANSWERS).items():
        assert text == (vectors.FOLDER / name).read_text("utf-8"), name


def test_every_operation_is_there():
    """Each operation has readable and drawn vectors of both kinds, and names are unique."""
    assert set(vectors.METHODS) == {each["operation"] for each in REQUESTS}
    assert set(vectors.METHODS) == {each["operation"] for each in ANSWERS if "values" in each}
    for found in (REQUESTS, ANSWERS):
        names = [each["name"] for each in found]
        assert len(names) == len(set(names))
        drawn = {each["operation"] for each in found if "drawn" in each["name"]}
        assert set(vectors.METHODS) == drawn
    kinds = {each["error"]["type"] for each in ANSWERS if "error" in each}
    assert {"ServiceError", "ResponseError"} == kinds


@pytest.fixture(scope="module")
def node() -> str:
    """Return the path of node, from the version on that has ``fetch``; skip where there is none."""
    path = shutil.which("node")
    if path is None:
        pytest.skip("node is not installed")
    version = run(path, "--version").stdout
    if int(version.removeprefix("v").partition(".")[0]) < 18:
        pytest.skip(f"node {version} is too old")
    return path


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program."""
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_a_client_in_javascript(node: str):
    """A client that was written from the files alone passes all of them, as the page says."""
    done = run(node, str(vectors.FOLDER / "client.mjs"))

    expected = (
        f"requests.json: {len(REQUESTS)} of {len(REQUESTS)}\n"
        f"answers.json: {len(ANSWERS)} of {len(ANSWERS)}\n"
    )
    assert (0, expected, "") == (done.returncode, done.stdout, done.stderr)
    assert expected in (vectors.FOLDER.parent / "vectors.md").read_text("utf-8")


def test_a_client_that_differs(node: str, tmp_path: Path):
    """The client in JavaScript says which vectors differ, and fails."""
    folder = shutil.copytree(vectors.FOLDER, tmp_path / "vectors")
    requests = [{**REQUESTS[0], "body": "Action=Other"}, *REQUESTS[1:]]
    answers = [*ANSWERS[:-1], {**ANSWERS[-1], "request_id": "another"}]
    (folder / "requests.json").write_text(json.dumps(requests), "utf-8")
    (folder / "answers.json").write_text(json.dumps(answers), "utf-8")

    done = run(node, str(folder / "client.mjs"))

    assert 1 == done.returncode
    assert f'requests.json: "{REQUESTS[0]["name"]}" differs' in done.stdout
    assert f'answers.json: "{ANSWERS[-1]["name"]}" differs' in done.stdout
    assert f"answers.json: {len(ANSWERS) - 1} of {len(ANSWERS)}" in done.stdout


CALL = """
const { call, ServiceError } = await import(process.argv[1]);
const place = JSON.parse(process.argv[2]);
const { values } = await call("StopInstances", { InstanceIds: place.ids }, place);
console.log(JSON.stringify(values));
await call("StopInstances", { InstanceIds: ["i-0123456789abcdef0"] }, place).catch((error) => {
  console.log(error instanceof ServiceError, error.code);
});
"""


def test_a_call_from_javascript(node: str):
    """That client stops an instance of the fake EC2, which checks the signature, over HTTP."""
    fake = FakeEC2(clock=RealClock())
    ids = fake.run_instances(1)
    credentials = {
        "access_key_id": fake.credentials.access_key_id,
        "secret_access_key": fake.credentials.secret_access_key,
        "session_token": fake.credentials.session_token,
    }
    with fake.serve() as url:
        place = {"url": f"{url}/", "region": "us-east-1", "credentials": credentials, "ids": ids}
        script = (vectors.FOLDER / "client.mjs").as_uri()
        done = run(node, "--input-type=module", "--eval", CALL, script, json.dumps(place))

    assert (0, "") == (done.returncode, done.stderr)
    said, refused = done.stdout.splitlines()
    assert "true InvalidInstanceID.NotFound" == refused
    assert [
        {
            "InstanceId": ids[0],
            "CurrentState": {"Code": 64, "Name": "stopping"},
            "PreviousState": {"Code": 16, "Name": "running"},
        }
    ] == json.loads(said)["StoppingInstances"]
