"""What makes a call happen: flows and their drivers, retries, the network."""
