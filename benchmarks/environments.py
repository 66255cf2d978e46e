"""A virtual environment for each rival, so that each has the versions that it would get alone."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
ENVS = HERE / ".envs"

# Environment: what is installed in it, and the modules that tell in a smoke run whether it is there
# already.
PACKAGES = {
    "ec2lite": ([f"{HERE.parent}[fast]", "pyperf"], ["ec2lite", "httptools"]),
    "boto3": (["boto3"], ["boto3"]),
    # Version 1 of the AWS CLI; PyPI has no other.
    "awscli": (["awscli"], ["awscli"]),
    "aiobotocore": (["aiobotocore"], ["aiobotocore"]),
    "capo-ec2": (["capo-ec2"], ["capo_ec2"]),
}

# Rival: its environment, and what the tables call it. The module is rivals/<rival>.py.
RIVALS = {
    "boto": ("boto3", "boto3"),
    "aioboto": ("aiobotocore", "aiobotocore"),
    "capo": ("capo-ec2", "capo-ec2"),
    "plain": ("ec2lite", "httpx + botocore signer + lxml"),
    "ours": ("ec2lite", "ec2lite"),
    "ours_sigv4": ("ec2lite", "ec2lite, SigV4()"),
    "ours_fast": ("ec2lite", "ec2lite, SigV4(), [fast]"),
    "aws_cli": ("awscli", "aws ec2 stop-instances"),
    "ours_cli": ("ec2lite", "ec2lite stop"),
    "floor_httpclient": ("ec2lite", "floor: http.client + hashlib + lxml"),
    "floor": ("ec2lite", "floor: socket + hashlib + lxml"),
}


def title(rival: str) -> str:
    return RIVALS[rival][1]


def prepare() -> dict[str, str]:
    """Make or refresh the environments; return the Python of each one that could be installed."""
    return {name: python for name in PACKAGES if (python := _install(name))}


def present() -> dict[str, str]:
    """Return this Python for each environment whose packages it happens to have.

    ec2lite itself is taken from this checkout.
    """
    root = str(HERE.parent)
    sys.path.insert(0, root)
    os.environ["PYTHONPATH"] = root
    return {
        name: sys.executable
        for name, (_, modules) in PACKAGES.items()
        if all(importlib.util.find_spec(module) for module in modules)
    }


def _install(name: str) -> str | None:
    where = ENVS / name
    python = where / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        venv.create(where, with_pip=True)
    print(f"installing {name} …", file=sys.stderr)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    packages = PACKAGES[name][0]
    done = subprocess.run([*pip, "--upgrade", *packages], check=False).returncode == 0
    if done and name == "ec2lite":
        # The version is the same as last time, the code is not.
        subprocess.run([*pip, "--force-reinstall", "--no-deps", str(HERE.parent)], check=True)
    return str(python) if done else None


def versions(python: str) -> dict[str, str]:
    """Return what is installed beside a Python, among the packages that matter here."""
    program = (
        "import importlib.metadata as m, json\n"
        "names = 'aiobotocore aiohttp attrs awscli boto3 botocore capo-ec2 ec2lite httpcore "
        "httptools httpx lxml urllib3'.split()\n"
        "have = {d.name: d.version for d in m.distributions()}\n"
        "print(json.dumps({n: have[n] for n in names if n in have}))"
    )
    said = subprocess.run([python, "-c", program], check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(said.stdout)
    return found
