"""How long a test waits for what a busy machine may delay.

What such a test would notice hangs for a minute or more; so this limit is wide, and no machine is
too slow for it.
"""

from __future__ import annotations

from typing import Final

PATIENCE: Final = 30.0
