"""The providers of credentials, one a file."""
