"""Everything about the network. Of ec2lite it knows nothing but ``errors``."""
