"""Roles that lead to roles."""

from __future__ import annotations

import pytest

from ec2lite.credentials.resolve import resolve_credentials
from ec2lite.errors import CredentialsError


def test_endless_chain(monkeypatch, tmp_path):
    """A chain of very many roles is an error of its own before Python's limit is reached."""
    links = [
        f"[profile p{i}]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = p{i + 1}\n"
        for i in range(600)
    ]
    config = tmp_path / "config"
    config.write_text("".join(links) + "[profile p600]\naws_access_key_id = a\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(CredentialsError, match="More than 50 roles"):
        resolve_credentials("p0")
