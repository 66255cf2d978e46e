"""ec2lite, over httpx alone, with either signer."""

from __future__ import annotations

import contextlib

import ec2lite

REGION = "eu-west-1"


def options(url, signer):
    keys = ec2lite.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    signers = {"botocore": None, "SigV4": ec2lite.SigV4()}
    return {
        "region": REGION,
        "credentials": keys,
        "endpoint_url": url,
        "signer": signers[signer],
    }


def sync(url, signer="botocore"):
    return ec2lite.Client(**options(url, signer)).stop_instances


@contextlib.asynccontextmanager
async def concurrent(url, concurrency, signer="botocore"):
    del concurrency  # the default of 100 connections serves all
    async with ec2lite.AsyncClient(**options(url, signer)) as client:
        yield client.stop_instances


def client(number):
    """One more client, with a Region and credentials of its own."""
    keys = ec2lite.Credentials(f"AKID{number}", f"secret{number}")
    return ec2lite.Client(region=f"eu-west-{number}", credentials=keys)
