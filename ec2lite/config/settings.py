"""Settings: the environment first, then the active profile of the shared files.

Nothing is read before something is asked for, and the files are read once. An environment variable
that is empty or blank counts as not set, and so does an empty property.
https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from attrs import define, field

from ec2lite import checks
from ec2lite.config import shared_files
from ec2lite.config.endpoints import resolve_endpoint
from ec2lite.config.shared_files import SharedFiles
from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    from ec2lite.config.profiles import Profiles, Section, Value
    from ec2lite.models import Endpoint

# The names of services in AWS_ENDPOINT_URL_<NAME> and, in lower case, in a `services` section.
# https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html
_SERVICE_IDS: Final = {
    "ec2": "EC2",
    "sts": "STS",
    "oidc": "SSO_OIDC",
    "sso": "SSO",
    "signin": "SIGNIN",
}
_RETRY_MODES: Final = {"standard": "standard", "adaptive": "adaptive", "legacy": "standard"}


@define(eq=False)
class Settings:
    """What the environment and the shared files say.

    ``environ`` is the environment, ``profile`` the name of the profile that the caller asked for,
    ``own_region`` the Region, ``own_endpoint_url`` every service's endpoint; None leaves them to
    the environment. ``instance_region`` is what the metadata service said, the last resort.
    Settings that nobody made are None. What makes no sense is a ``ConfigError``, which names the
    variable, or the key and profile.
    """

    environ: Mapping[str, str] = field(factory=lambda: os.environ, repr=False)
    profile: str | None = field(default=None, validator=checks.optional(checks.text))
    own_region: str | None = field(default=None, repr=False)
    own_endpoint_url: str | None = field(default=None, repr=False)
    instance_region: str | None = field(default=None, repr=False)
    _shared_files: SharedFiles | None = field(default=None, init=False, repr=False)

    def env(self, name: str) -> str | None:
        """Return an environment variable; None if it is not set, empty or blank."""
        value = self.environ.get(name)
        return value if value and value.strip() else None

    @property
    def profile_is_explicit(self) -> bool:
        """Whether the caller passed the profile, which then precedes keys in the environment."""
        return self.profile is not None

    @property
    def profile_name(self) -> str:
        """The active profile: the caller's, else AWS_DEFAULT_PROFILE, AWS_PROFILE, ``default``.

        The order of the two variables is botocore's.
        """
        name = self._named_profile
        return "default" if name is None else name

    @property
    def _named_profile(self) -> str | None:
        if self.profile is not None:
            return self.profile
        return self.env("AWS_DEFAULT_PROFILE") or self.env("AWS_PROFILE")

    @property
    def config_path(self) -> str:
        """The config file: AWS_CONFIG_FILE or ``~/.aws/config``."""
        return self.env("AWS_CONFIG_FILE") or "~/.aws/config"

    @property
    def credentials_path(self) -> str:
        """The credentials file: AWS_SHARED_CREDENTIALS_FILE or ``~/.aws/credentials``."""
        return self.env("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"

    def expand(self, path: str) -> str:
        """Return a path with its ``~`` replaced: HOME of ``environ``, else what the system says."""
        home = self.env("HOME")
        if home and (path == "~" or path.startswith(("~/", "~\\"))):
            return home + path[1:]
        return os.path.expanduser(path)  # noqa: PTH111 - pathlib changes what it does not expand

    @property
    def shared_files(self) -> SharedFiles:
        """Both files, read on first use."""
        # Without a lock, which a forked child might find locked for ever. If two threads read the
        # files at the same time, one result stays.
        if self._shared_files is None:
            config, credentials = self.config_path, self.credentials_path
            self._shared_files = shared_files.read(
                (config, self.expand(config)), (credentials, self.expand(credentials))
            )
        return self._shared_files

    @property
    def files(self) -> Profiles:
        """The profiles of both files; a file that counts as absent is empty."""
        return self.shared_files.profiles

    def need_files(self) -> None:
        """Raise a ``ConfigError`` if a file exists and cannot be read."""
        if notes := self.shared_files.unreadable:
            raise ConfigError(f"cannot read {'; '.join(notes)}")

    @property
    def section(self) -> Section:
        """The properties of the active profile.

        Nothing, if there is no default profile and nobody asked for one. A profile that was asked
        for by name and is in neither file is a ``ConfigError``.
        """
        section = self.files.profiles.get(self.profile_name)
        if section is not None:
            return section
        if self._named_profile is None:
            return {}
        known = ", ".join(sorted(self.files.profiles)) or "none"
        notes = "; ".join((*self.shared_files.unreadable, *self.shared_files.passed_over))
        raise ConfigError(
            f"profile {self.profile_name!r} is neither in {self.config_path} nor in "
            f"{self.credentials_path}; profiles there: {known}"
            + (f" (not read: {notes})" if notes else "")
        )

    def value(self, variable: str | None, key: str | None) -> str | None:
        """Return a setting: the environment variable, else the active profile's key, else None."""
        return self._find(variable, key)[0]

    def _find(self, variable: str | None, key: str | None) -> tuple[str | None, str]:
        """Return the value and where it was found, in words."""
        if variable and (value := self.env(variable)):
            return value, variable
        if not key:
            return None, ""
        where = f"{key} of profile {self.profile_name!r}"
        return _text(self.section.get(key), where), where

    def boolean(self, variable: str | None, key: str | None) -> bool | None:
        """Return a setting that is ``true`` or ``false``, in any case."""
        value, where = self._find(variable, key)
        if value is None:
            return None
        if value.lower() not in {"true", "false"}:
            raise ConfigError(f"{where} must be true or false")
        return value.lower() == "true"

    def integer(self, variable: str | None, key: str | None, *, minimum: int = 0) -> int | None:
        """Return a setting that is a whole number, ``minimum`` at least."""
        value, where = self._find(variable, key)
        if value is None:
            return None
        # Nine digits at most: for thousands of digits int() has an error of its own.
        if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) >= minimum):
            raise ConfigError(f"{where} must be a whole number from {minimum}")
        return int(value)

    @property
    def region(self) -> str | None:
        """The caller's Region, else AWS_REGION, AWS_DEFAULT_REGION, the profile's, the instance's.

        STS is asked there, too: keys of a partition are worth nothing at the STS of another.
        """
        own = self.own_region or self.env("AWS_REGION")
        return own or self.value("AWS_DEFAULT_REGION", "region") or self.instance_region

    @property
    def retry_mode(self) -> str | None:
        """AWS_RETRY_MODE or ``retry_mode``: ``standard`` or ``adaptive``.

        ``legacy``, which was botocore's own before, means ``standard``.
        """
        value, where = self._find("AWS_RETRY_MODE", "retry_mode")
        if value is None:
            return None
        if value.lower() not in _RETRY_MODES:
            raise ConfigError(f"{where} must be standard or adaptive")
        return _RETRY_MODES[value.lower()]

    @property
    def max_attempts(self) -> int | None:
        """AWS_MAX_ATTEMPTS or ``max_attempts``: how often a request is sent, 1 at least."""
        return self.integer("AWS_MAX_ATTEMPTS", "max_attempts", minimum=1)

    @property
    def ca_bundle(self) -> str | None:
        """AWS_CA_BUNDLE, ``ca_bundle`` of the profile, or REQUESTS_CA_BUNDLE: a path.

        A blank one is a ``ConfigError``, as in botocore: whoever set it wanted to trust fewer
        authorities, not the usual ones.
        """
        where, value = self._find_ca_bundle()
        if value is None:
            return None
        if not (isinstance(value, str) and value.strip()):
            raise checks.wrong(where, "the path of a CA bundle", "blank or indented settings")
        return self.expand(value)

    def _find_ca_bundle(self) -> tuple[str, Value | None]:
        if (value := self.environ.get("AWS_CA_BUNDLE")) is not None:
            return "AWS_CA_BUNDLE", value
        if (configured := self.section.get("ca_bundle")) is not None:
            return f"ca_bundle of profile {self.profile_name!r}", configured
        return "REQUESTS_CA_BUNDLE", self.environ.get("REQUESTS_CA_BUNDLE")

    @property
    def app_id(self) -> str | None:
        """AWS_SDK_UA_APP_ID or ``sdk_ua_app_id``: the program's name, for AWS's logs.

        https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html
        """
        return self.value("AWS_SDK_UA_APP_ID", "sdk_ua_app_id")

    @property
    def use_fips(self) -> bool | None:
        """AWS_USE_FIPS_ENDPOINT or ``use_fips_endpoint``."""
        return self.boolean("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")

    @property
    def use_dualstack(self) -> bool | None:
        """AWS_USE_DUALSTACK_ENDPOINT or ``use_dualstack_endpoint``."""
        return self.boolean("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")

    def endpoint(self, service: str, region: str | None) -> Endpoint:
        """Return the endpoint of a service in a Region, as the settings change it.

        A URL wins over FIPS and dual-stack, as in botocore's client.
        """
        url = self.endpoint_url(service)
        return resolve_endpoint(
            region,
            service=service,
            use_fips=url is None and bool(self.use_fips),
            use_dualstack=url is None and bool(self.use_dualstack),
            endpoint_url=url,
        )

    def endpoint_url(self, service: str = "ec2") -> str | None:
        """Return the endpoint URL configured for a service, one of ``resolve_endpoint``'s names.

        AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's ``services`` section, its
        ``endpoint_url``; none of them if AWS_IGNORE_CONFIGURED_ENDPOINT_URLS or the profile's
        ``ignore_configured_endpoint_urls`` is true.
        https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        """
        value, where = self._endpoint_url(_SERVICE_IDS[service])
        return checks.url(where, value) if value else None

    def _endpoint_url(self, service_id: str) -> tuple[str | None, str]:
        if self.own_endpoint_url is not None:
            return self.own_endpoint_url, "endpoint_url"
        if self.boolean("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls"):
            return None, ""
        for variable in (f"AWS_ENDPOINT_URL_{service_id}", "AWS_ENDPOINT_URL"):
            if value := self.env(variable):
                return value, variable
        value, where = self._services_url(service_id.lower())
        return (value, where) if value else self._find(None, "endpoint_url")

    def _services_url(self, key: str) -> tuple[str | None, str]:
        name = self.value(None, "services")
        if name is None:
            return None, ""
        if name not in self.files.services:
            raise ConfigError(
                f"services of profile {self.profile_name!r} names the section "
                f"[services {name}], which is not in {self.config_path}"
            )
        settings = self.files.services[name].get(key)
        if not isinstance(settings, dict):
            return None, ""
        return settings.get("endpoint_url"), f"endpoint_url of {key} in [services {name}]"


def _text(value: Value | None, where: str) -> str | None:
    """Return a property's value, None if it is empty."""
    if isinstance(value, dict):
        raise ConfigError(f"{where} must have one value, not indented settings")
    return value or None
