"""What waits are made of: when an instance is there, when it cannot get there, and the loop."""
