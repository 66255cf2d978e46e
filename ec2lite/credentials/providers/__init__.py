"""Where credentials are looked for: a provider a file."""
