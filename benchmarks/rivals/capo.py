"""capo-ec2: a client generated from AWS's models, on an HTTP stack of its own."""

import contextlib

from capo_ec2 import AsyncEC2Client, Credentials, EC2Client

KEYS = Credentials(access_key="AKIDEXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
REGION = "eu-west-1"


def sync(url):
    client = EC2Client(region=REGION, endpoint=url, credentials=KEYS)
    return lambda ids: client.stop_instances(instance_ids=ids)


@contextlib.asynccontextmanager
async def concurrent(url, concurrency):
    del concurrency
    async with AsyncEC2Client(region=REGION, endpoint=url, credentials=KEYS) as client:
        yield lambda ids: client.stop_instances(instance_ids=ids)


def client(number):
    """One more client, with a Region and credentials of its own."""
    keys = Credentials(access_key=f"AKID{number}", secret_key=f"secret{number}")
    return EC2Client(region=f"eu-west-{number}", credentials=keys)
