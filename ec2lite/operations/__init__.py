"""One API action a file: its request, its form pairs, its result, its XML."""
