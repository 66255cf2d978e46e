"""The demo, for real: moto's EC2 over HTTP on this machine."""

from __future__ import annotations

import gc
import os
import re
import sys
from urllib.parse import urlsplit

import httpx
import pytest

from ec2lite.cli import demonstration as demo
from ec2lite.cli.main import main

pytest.importorskip("moto")


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    """Run the demo, and return what it printed."""
    assert 0 == main(["demo"])
    out, err = capsys.readouterr()
    assert "" == err
    return out


def test_three_instances_are_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    """It launches three instances, and stops two and then the third."""
    out = shown(capsys)
    ids = re.findall(r"^   (i-[0-9a-f]{17})$", out, re.MULTILINE)
    assert 3 == len(set(ids))
    assert ids == re.findall(r"^   (i-\w+)  running -> stopping$", out, re.MULTILINE)
    assert "allowed=True: Request would have succeeded" in out
    assert f"InstanceNotFound: StopInstances failed: The instance ID '{demo.UNKNOWN}'" in out


def test_the_wire_is_shown_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the first stop's request and answer, but neither signature nor token."""
    out = shown(capsys)
    assert "\n   > POST / HTTP/1.1\n   > host: 127.0.0.1:" in out
    assert "   > Action=StopInstances&Version=2016-11-15&InstanceId.1=i-" in out
    assert "   < HTTP/1.1 200 OK\n" in out
    assert "   < <StopInstancesResponse xmlns=" in out
    assert "   > x-amz-security-token: (hidden)\n" in out
    assert "Signature=(hidden)\n" in out
    assert demo.CREDENTIALS.session_token is not None
    assert demo.CREDENTIALS.session_token not in out
    assert demo.CREDENTIALS.secret_access_key not in out
    assert not re.search("[0-9a-f]{64}", out)


def test_lines_are_short(capsys: pytest.CaptureFixture[str]) -> None:
    """What went over the wire is folded to fit a screen."""
    wire = [line for line in shown(capsys).splitlines() if line.startswith(("   >", "   <"))]
    assert 100 >= max(map(len, wire))


def test_nobodys_settings_are_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """AWS's variables and files and the proxies of this machine play no part, and stay."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/missing/config")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://missing.invalid")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    before = dict(os.environ)
    assert "AKIAREAL" not in shown(capsys)
    assert before == dict(os.environ)


def test_everything_is_cleaned_up() -> None:
    """The server is gone and the environment restored, also when the demo is broken off."""
    said = []

    def say(text: str) -> None:
        said.append(text)
        if text.startswith("\n2."):
            raise KeyboardInterrupt

    before = dict(os.environ)
    with pytest.raises(KeyboardInterrupt):
        demo.show(say)
    (url,) = re.findall(r"http://127.0.0.1:\d+", said[0])
    assert urlsplit(url).port
    with pytest.raises(httpx.ConnectError):
        httpx.post(url, trust_env=False)
    assert before == dict(os.environ)
    gc.collect()  # a socket that was left open would warn here


@pytest.mark.parametrize("missing", ["moto.moto_server.werkzeug_app", "werkzeug.serving"])
def test_without_moto(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    """Without moto's server it says in one line what to install, with exit code 2."""
    monkeypatch.setitem(sys.modules, missing, None)
    assert 2 == main(["demo"])
    expected = "ec2lite: the demo needs moto: pip install 'ec2lite[demo]'\n"
    assert ("", expected) == capsys.readouterr()
