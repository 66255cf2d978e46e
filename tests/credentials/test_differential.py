"""The same files and environment give the same keys as botocore's chain.

Hypothesis makes profiles, files and environments. A service that is the same to both answers for
STS, SSO and the container; a role's keys name the role and whose keys asked for it, so that a
difference anywhere along a chain of roles shows at its end.
"""

import hashlib
import json
import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import botocore.awsrequest
import botocore.credentials
import botocore.httpsession
import botocore.loaders
import botocore.session
import botocore.tokens
import httpx
import pytest
from hypothesis import assume, currently_in_test_context, event, given, settings
from hypothesis import strategies as st

from ec2lite.config.settings import Settings
from ec2lite.credentials.resolve import credentials_for
from ec2lite.errors import ConfigError, CredentialsError

NAMES = ("default", "dev", "base", "other")
LOADER = botocore.loaders.create_loader()
STS = """<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{0}Result><Credentials>
<AccessKeyId>{1}</AccessKeyId><SecretAccessKey>secret-{1}</SecretAccessKey><SessionToken>token-{1}
</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser>
<AssumedRoleId>AROA:x</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/a/b</Arn>
</AssumedRoleUser></{0}Result><ResponseMetadata><RequestId>abc</RequestId></ResponseMetadata>
</{0}Response>""".replace("\n", "")


def serve(method, url, headers, body):
    """Answer for every service that gives credentials: a status and a body."""
    parts = urlsplit(url)
    if parts.hostname == "169.254.170.2":
        return 200, json.dumps(keys("CONTAINER"))
    if parts.hostname == "portal.sso.eu-central-1.amazonaws.com":
        query = parse_qs(parts.query)
        key = f"SSO-{query['role_name'][0]}-{headers['x-amz-sso_bearer_token']}"
        names = {"accessKeyId": key, "secretAccessKey": "s", "sessionToken": "t"}
        return 200, json.dumps({"roleCredentials": {**names, "expiration": 4070908800000}})
    assert "sts.eu-west-1.amazonaws.com" == parts.hostname
    form = {name: values[0] for name, values in parse_qs(body).items()}
    if form["RoleSessionName"].startswith(("botocore-session-", "ec2lite-session-")):
        form["RoleSessionName"] = "default"
    caller = re.search("Credential=([^/]+)/", headers.get("authorization", ""))
    asked = json.dumps([caller and caller[1], sorted(form.items())])
    key = "ROLE" + hashlib.sha256(asked.encode()).hexdigest()[:16]
    return 200, STS.format(form["Action"], key)


def keys(name):
    """Return a document with keys of that name."""
    document = {"AccessKeyId": name, "SecretAccessKey": "s", "Token": "t"}
    return {**document, "Expiration": "2099-01-01T00:00:00Z"}


class Raw:
    """A body, as urllib3 hands it to botocore."""

    def __init__(self, body):
        self.body = body

    def stream(self):
        yield self.body


def theirs_sends(session, request):
    """Answer a request of botocore's."""
    body = request.body or b""
    headers = {
        name.lower(): value if isinstance(value, str) else value.decode()
        for name, value in request.headers.items()
    }
    text = body if isinstance(body, str) else body.decode()
    status, answer = serve(request.method, request.url, headers, text)
    return botocore.awsrequest.AWSResponse(
        request.url, status, {"content-type": "text/xml"}, Raw(answer.encode())
    )


def ours_sends(request):
    """Answer a request of ec2lite's."""
    body = request.content.decode()
    status, answer = serve(request.method, str(request.url), dict(request.headers), body)
    return httpx.Response(status, text=answer)


@contextmanager
def botocore_in(environ):
    """Let botocore see that environment, and the service above."""
    cache = os.path.join(environ["HOME"], ".aws/sso/cache")  # noqa: PTH118 - botocore wants a str
    with (
        mock.patch.dict(os.environ, environ, clear=True),
        mock.patch.object(botocore.httpsession.URLLib3Session, "send", theirs_sends),
        mock.patch.object(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", cache),
        mock.patch.object(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", cache),
    ):
        yield


def theirs(environ, profile):
    """Return the keys that botocore finds, or None."""
    with botocore_in(environ):
        session = botocore.session.Session(profile=profile)
        session.register_component("data_loader", LOADER)
        try:
            found = session.get_credentials()
            frozen = found and found.get_frozen_credentials()
        except Exception as error:
            return note(type(error).__name__)
    if frozen is None:
        return note("nothing")
    note(found.method)
    return frozen.access_key, frozen.secret_key, frozen.token, frozen.account_id


def note(outcome):
    """Count an outcome in Hypothesis's statistics."""
    if currently_in_test_context():
        event(outcome)


def ours(environ, profile):
    """Return the keys that ec2lite finds, or None."""
    with httpx.MockTransport(ours_sends) as transport:
        try:
            found = credentials_for(None, Settings(environ, profile), transport).get()
        except (CredentialsError, ConfigError):
            return None
    return found.access_key_id, found.secret_access_key, found.session_token, found.account_id


def lines(properties):
    """Return a section's lines."""
    return "".join(f"{key} = {value}\n" for key, value in properties.items() if value is not None)


@st.composite
def static_keys(draw, name):
    """Make the keys of a profile: all, some or none."""
    every = {
        "aws_access_key_id": f"AKID-{name}",
        "aws_secret_access_key": f"secret-{name}",
        "aws_session_token": f"token-{name}",
        "aws_security_token": f"former-{name}",
        "aws_account_id": "210987654321",
    }
    kind = draw(st.sampled_from(["none", "none", "all", "plain", "key", "secret"]))
    chosen = {
        "none": [],
        "all": draw(st.permutations(list(every))),
        "plain": ["aws_access_key_id", "aws_secret_access_key"],
        "key": ["aws_access_key_id"],
        "secret": ["aws_secret_access_key"],
    }[kind]
    if kind == "all":
        chosen = [each for each in chosen if draw(st.booleans()) or each.endswith(("_id", "_key"))]
    return {each: every[each] for each in chosen}


SOURCES = st.one_of(
    st.fixed_dictionaries({"source_profile": st.sampled_from([*NAMES, "missing"])}),
    st.fixed_dictionaries({"source_profile": st.sampled_from(NAMES)}),
    st.sampled_from(["Environment", "EcsContainer", "environment"]).map(
        lambda name: {"credential_source": name}
    ),
    st.just({}),
)
OPTIONS = st.fixed_dictionaries(
    {"role_arn": st.sampled_from(["arn:aws:iam::123456789012:role/a", "arn:aws:iam::1:role/b"])},
    optional={
        "external_id": st.just("x-1"),
        "role_session_name": st.just("me"),
        "duration_seconds": st.just("900"),
    },
)
ROLES = st.builds(lambda role, source: {**role, **source}, OPTIONS, SOURCES)
SSO_ROLE = {"sso_account_id": "123456789012", "sso_role_name": "Admin"}
SSO_PLACE = {"sso_start_url": "https://corp.example/start", "sso_region": "eu-central-1"}
SSO = st.sampled_from(
    [
        {**SSO_ROLE, "sso_session": "corp"},
        {**SSO_ROLE, **SSO_PLACE},
        {**SSO_ROLE, **SSO_PLACE, "sso_session": "corp"},
        {**SSO_ROLE, "sso_session": "missing"},
        {**SSO_ROLE, "sso_start_url": "https://elsewhere.example", "sso_session": "corp"},
        SSO_ROLE,
        SSO_PLACE,
        {"sso_session": "corp"},
    ]
)
PROCESS = '/bin/echo \'{"Version": 1, "AccessKeyId": "PROC", "SecretAccessKey": "s"}\''


def some(strategy, odds=3):
    """Make something once in ``odds``, else nothing."""
    return st.integers(1, odds).flatmap(lambda n: strategy if n == odds else st.just({}))


@st.composite
def worlds(draw):
    """Make an environment, a profile to name or None, and both files' texts."""
    config, credentials = "", ""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=2))
    for name in names:
        static = draw(static_keys(name))
        more = {
            **draw(some(ROLES, 2)),
            **draw(some(SSO)),
            **draw(some(st.just({"web_identity_token_file": "{home}/jwt-2"}), 5)),
            **draw(some(st.just({"credential_process": PROCESS}), 5)),
        }
        if "role_arn" in more:
            # botocore's STS client looks for a token of the profile's sso_session, and may fail.
            more.pop("sso_session", None)
        # botocore prefers credential_process to keys in the config file, but not to those in the
        # credentials file; ec2lite does not tell the files apart.
        if draw(st.booleans()) and "credential_process" not in more:
            more |= static
        elif static:
            credentials += f"[{name}]\n{lines(static)}"
        title = name if name == "default" and draw(st.booleans()) else f"profile {name}"
        config += f"[{title}]\n{lines(more)}"
    config += f"[sso-session corp]\n{lines(SSO_PLACE)}"
    environ = {
        **draw(some(st.just({"AWS_ACCESS_KEY_ID": "AKID-E", "AWS_SECRET_ACCESS_KEY": "s"}), 4)),
        **draw(some(st.just({"AWS_ACCESS_KEY_ID": "AKID-E"}), 20)),
        **draw(some(st.just({"AWS_SESSION_TOKEN": "t"}))),
        **draw(some(st.just({"AWS_SECURITY_TOKEN": "former"}), 8)),
        **draw(some(st.fixed_dictionaries({"AWS_PROFILE": st.sampled_from(names)}))),
        **draw(some(st.just({"AWS_ROLE_ARN": "arn:aws:iam::1:role/e"}), 4)),
        **draw(some(st.just({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}), 2)),
    }
    # AWS's order, which ec2lite follows, has the environment's web identity before the profile's
    # role, botocore's has not.
    if "role_arn" not in config:
        environ |= draw(some(st.just({"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/jwt"}), 2))
    profile = draw(st.sampled_from([None, *names, *names, "missing"]))
    return environ, profile, config, credentials


def lay_out(home, config, credentials):
    """Write the files."""
    aws = home / ".aws"
    cache = aws / "sso" / "cache"
    cache.mkdir(parents=True)
    (aws / "config").write_text(config.replace("{home}", str(home)))
    (aws / "credentials").write_text(credentials)
    (home / "jwt").write_text("JWT-1")
    (home / "jwt-2").write_text("JWT-2")
    for number, name in enumerate(("corp", "https://corp.example/start")):
        token = {"accessToken": f"T{number}", "expiresAt": "2099-01-01T00:00:00Z"}
        file = cache / f"{hashlib.sha1(name.encode()).hexdigest()}.json"
        file.write_text(json.dumps(token))


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_same_keys_as_botocore(world):
    """Whatever profiles, files and environment there are, botocore finds the same keys."""
    environ, profile, config, credentials = world
    # Botocore looks for the profile's SSO session even to call STS, which needs none.
    assume(not ("sso_session = missing" in config and "web_identity_token_file" in config))
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        lay_out(home, config, credentials)
        environ = {name: value.replace("{home}", directory) for name, value in environ.items()}
        environ |= {
            "HOME": directory,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        assert theirs(environ, profile) == ours(environ, profile)


@pytest.mark.parametrize("profile", ["dev", None])
def test_the_one_difference(tmp_path, profile):
    """Botocore assumes a profile's role before it looks at the environment's web identity."""
    lay_out(
        tmp_path,
        "[profile dev]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = base\n"
        "[profile base]\naws_access_key_id = AKID\naws_secret_access_key = s\n",
        "",
    )
    environ = {
        "HOME": str(tmp_path),
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_PROFILE": "dev",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "jwt"),
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/e",
    }

    same = theirs(environ, profile) == ours(environ, profile)

    assert (profile is not None) == same
