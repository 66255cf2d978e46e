"""The command line: a command a file; ``options`` parses for them, ``output`` prints."""
