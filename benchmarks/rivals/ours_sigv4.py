"""ec2lite with its own signer."""

import functools

from rivals import ours

sync = functools.partial(ours.sync, signer="SigV4")
concurrent = functools.partial(ours.concurrent, signer="SigV4")
