"""Bytes and values, one from the other: pure, without I/O, clock or environment."""
