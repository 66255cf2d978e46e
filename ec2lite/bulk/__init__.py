"""Many ids: batches, one outcome for each id, and the refused ones taken out."""

from typing import Final

BATCH_SIZE: Final = 50
"""Ids in a request, unless the caller says otherwise."""
