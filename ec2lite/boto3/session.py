"""boto3's Session: whose credentials, which Region, and the clients that have them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, NoReturn

from ec2lite.boto3 import exceptions
from ec2lite.boto3.client import EC2
from ec2lite.boto3.config import client_options
from ec2lite.boto3.exceptions import kind
from ec2lite.boto3.missing import missing
from ec2lite.client import Client
from ec2lite.config.settings import Settings
from ec2lite.credentials.resolve import resolve_credentials
from ec2lite.errors import ConfigError, CredentialsError
from ec2lite.models import Credentials
from ec2lite.transports.transport import Transport

SERVICES: Final = ("ec2",)
_METHODS: Final = (
    "available_profiles",
    "client",
    "get_available_services",
    "get_credentials",
    "profile_name",
    "region_name",
)


class ReadOnlyCredentials(NamedTuple):
    """Credentials as boto3 freezes them."""

    access_key: str
    secret_key: str
    token: str | None
    account_id: str | None

    def __repr__(self) -> str:
        return f"<ReadOnlyCredentials of {self.access_key}>"


class SessionCredentials:
    """The credentials of a session, as boto3 has them."""

    method: str = "ec2lite"

    def __init__(self, found: Credentials) -> None:
        self.access_key: str = found.access_key_id
        self.secret_key: str = found.secret_access_key
        self.token: str | None = found.session_token
        self.account_id: str | None = found.account_id

    def __repr__(self) -> str:
        return f"<SessionCredentials of {self.access_key}>"

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return them as a tuple."""
        return ReadOnlyCredentials(self.access_key, self.secret_key, self.token, self.account_id)


class QuietClient(Client):
    """A client that closes itself, for users of boto3 close none."""

    def own(self, transport: Transport) -> None:
        """Close the transport together with the client."""
        self._owned = transport

    def __del__(self) -> None:
        if self._owned is not None:
            self.close()


class Session:
    """Settings that clients share. The arguments are boto3's, without ``botocore_session``."""

    def __init__(
        self,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        region_name: str | None = None,
        *,
        profile_name: str | None = None,
        aws_account_id: str | None = None,
    ) -> None:
        self._given = _keys(
            aws_access_key_id, aws_secret_access_key, aws_session_token, aws_account_id
        )
        self._region = region_name
        self._profile = profile_name
        self._settings = Settings(profile=profile_name)
        if profile_name is not None and profile_name not in self.available_profiles:
            raise kind(exceptions.ProfileNotFound)(profile=profile_name)

    def __getattr__(self, name: str) -> NoReturn:
        raise missing("'Session' object", name, _METHODS)

    def __repr__(self) -> str:
        return f"Session(region_name={self.region_name!r})"

    @property
    def region_name(self) -> str | None:
        """The Region of the argument, the environment or the profile."""
        return self._region or self._settings.region

    @property
    def profile_name(self) -> str:
        """The profile of the argument or the environment, else ``default``."""
        return self._settings.profile_name

    @property
    def available_profiles(self) -> list[str]:
        """The profiles of the shared files."""
        return list(self._settings.files.profiles)

    def get_credentials(self) -> SessionCredentials | None:
        """Return the credentials that clients sign with; None if there are none."""
        if self._given is not None:
            return SessionCredentials(self._given)
        try:
            return SessionCredentials(resolve_credentials(self._profile))
        except CredentialsError:
            return None

    def get_available_services(self) -> list[str]:
        """Return the names of services that there are clients for."""
        return list(SERVICES)

    def client(
        self,
        service_name: str,
        region_name: str | None = None,
        api_version: str | None = None,
        use_ssl: bool = True,
        verify: bool | str | None = None,
        endpoint_url: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        config: Any = None,  # noqa: ANN401 - ours or botocore's
        aws_account_id: str | None = None,
    ) -> EC2:
        """Return a client for EC2. Without a Region it is a ``NoRegionError``.

        ``verify`` may be the path of a CA bundle. To check no certificate is not possible, nor to
        do without TLS other than by ``endpoint_url``.
        """
        del api_version
        if service_name not in SERVICES:
            raise kind(exceptions.UnknownServiceError)(
                service_name=service_name,
                known_service_names=f"{', '.join(SERVICES)} (for other services use boto3)",
            )
        if verify is False or not use_ssl:
            raise ValueError("ec2lite always uses TLS, and always verifies certificates")
        keys = _keys(aws_access_key_id, aws_secret_access_key, aws_session_token, aws_account_id)
        region = region_name or getattr(config, "region_name", None) or self.region_name
        if region is None:
            raise kind(exceptions.NoRegionError)
        bundle = verify if isinstance(verify, str) else None
        transport = None if bundle is None else Transport(ca_bundle=bundle)
        made = QuietClient(
            region,
            profile=self._profile,
            credentials=keys or self._given,
            endpoint_url=endpoint_url,
            transport=transport,
            **client_options(config),
        )
        if transport is not None:
            made.own(transport)
        return EC2(made, region)


def _keys(
    key: str | None, secret: str | None, token: str | None, account: str | None
) -> Credentials | None:
    """Return the keys that were passed. One without the other is an error."""
    if key is None and secret is None:
        return None
    if key is None or secret is None:
        missing = "aws_access_key_id" if key is None else "aws_secret_access_key"
        raise kind(exceptions.PartialCredentialsError)(provider="explicit", cred_var=missing)
    try:
        return Credentials(key, secret, token, account_id=account)
    except ConfigError as error:
        raise kind(exceptions.InvalidConfigError)(error_msg=str(error)) from None
