"""boto3, the SDK that AWS recommends."""

import boto3

REGION = "eu-west-1"
KEYS = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}


def sync(url):
    stop = boto3.client("ec2", region_name=REGION, endpoint_url=url, **KEYS).stop_instances
    return lambda ids: stop(InstanceIds=ids)


def client(number):
    """One more client, with a Region and credentials of its own."""
    return boto3.client(
        "ec2",
        region_name=f"eu-west-{number}",
        aws_access_key_id=f"AKID{number}",
        aws_secret_access_key=f"secret{number}",
    )
