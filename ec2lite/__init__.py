"""A minimal, protocol-level Python SDK for the life of EC2 instances."""

__version__ = "0.1.0"
