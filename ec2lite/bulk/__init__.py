"""Many ids: batches, one outcome for each id, and the refused ones taken out."""
