"""The command line: a command a file, and the demo."""
