"""Ask an API behind Amazon API Gateway, with requests that an httpx client signs."""

from __future__ import annotations

from typing import Any

import httpx

import ec2lite


def pets(client: httpx.Client) -> Any:
    """Return what ``GET /prod/pets`` answers."""
    response = client.get("/prod/pets")
    response.raise_for_status()
    return response.json()


def signing_client(url: str, region: str, **options: Any) -> httpx.Client:
    """Return an httpx client whose requests are signed for API Gateway."""
    auth = ec2lite.SigV4Auth("execute-api", region)
    return httpx.Client(base_url=url, auth=auth, **options)


if __name__ == "__main__":
    api = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
    with signing_client(api, "eu-west-1") as client:
        print(pets(client))
