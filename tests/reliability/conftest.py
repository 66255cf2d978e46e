"""Here everything is run with the fast transports, too."""

from __future__ import annotations

import pytest

from colours import FAST_LOOPS, FAST_NAMES, LOOPS, NAMES, Colour


@pytest.fixture(params=[*NAMES, *FAST_NAMES])
def colour(request: pytest.FixtureRequest) -> Colour:
    """Run a test once for each way to use ec2lite, and each kind of transport."""
    return Colour(request.param)


@pytest.fixture(params=[*LOOPS, *FAST_LOOPS])
def loop(request: pytest.FixtureRequest) -> Colour:
    """Run a test once for each kind of event loop, and each kind of transport."""
    return Colour(request.param)
