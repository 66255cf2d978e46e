"""How a command's request is had without sending it: its client raises the request instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

import attrs

from ec2lite.client import Client
from ec2lite.config.settings import Settings
from ec2lite.credentials.chain import default_chain
from ec2lite.engine.flow import run
from ec2lite.errors import CredentialsError
from ec2lite.models import Credentials

if TYPE_CHECKING:
    from ec2lite.bulk.many import Many
    from ec2lite.engine.flow import Effect
    from ec2lite.models import Endpoint
    from ec2lite.protocol.operation import Operation

# AWS's example: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-examples.html
EXAMPLE: Final = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


class Explained(Exception):  # noqa: N818 - it is an answer, and never leaves this module
    """The request that a command would have sent, and where to."""

    def __init__(self, request: Operation[Any], endpoint: Endpoint) -> None:
        super().__init__(request, endpoint)
        self.request = request
        self.endpoint = endpoint


class Explainer(Client):
    """A client that raises each request as ``Explained``."""

    def send(self, request: Operation[Any]) -> NoReturn:
        """Raise a request."""
        raise Explained(request, self._setup.endpoint(request.service))

    def listing(self, request: Operation[Any]) -> NoReturn:
        """Raise a request that would be asked page by page."""
        self.send(request)

    def carry_out(self, many: Many) -> NoReturn:
        """Raise the first request for many instances."""
        self.send(many.request(many.instance_ids[: many.size]))

    def dry_run(self, request: Operation[Any]) -> NoReturn:
        """Raise a request, as a dry run."""
        self.send(attrs.evolve(request, dry_run=True))  # type: ignore[misc] # as in engine/dry_run


class WouldAsk(Exception):  # noqa: N818 - as above
    """Somebody would have to be asked."""


class Alone:
    """A world in which a flow can do nothing but think."""

    def perform(self, effect: Effect) -> NoReturn:
        """Refuse it."""
        del effect
        raise WouldAsk


def credentials(profile: str | None) -> Credentials | str:
    """Return the credentials that can be had without asking anybody, or why there are none."""
    try:
        return run(default_chain(Settings(profile=profile)).find(), Alone()).credentials
    except WouldAsk:
        return "to find your credentials would take a request or a program"
    except CredentialsError as error:
        return str(error.args[0])
