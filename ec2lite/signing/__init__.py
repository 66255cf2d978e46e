"""What signs a request: the protocol, botocore's signer, and our own SigV4."""
