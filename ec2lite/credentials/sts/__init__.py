"""The STS actions that ec2lite needs, one a file."""
