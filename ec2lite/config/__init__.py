"""Where settings come from: the environment, the shared files, the endpoint rules."""
