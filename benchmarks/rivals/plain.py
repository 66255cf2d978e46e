"""What one would write first: httpx's clients, botocore's signer, lxml."""

import contextlib
from urllib.parse import urlencode

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from lxml import etree

KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AUTH = SigV4Auth(KEYS, "ec2", "eu-west-1")
NAMESPACE = {"e": "http://ec2.amazonaws.com/doc/2016-11-15/"}


def signed(url, ids):
    pairs = {"Action": "StopInstances", "Version": "2016-11-15"}
    pairs |= {f"InstanceId.{index}": each for index, each in enumerate(ids, 1)}
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = AWSRequest("POST", url, headers, urlencode(pairs).encode())
    AUTH.add_auth(request)
    return {"content": request.data, "headers": dict(request.headers)}


def parsed(response):
    root = etree.fromstring(response.content)
    return [
        {
            "id": item.findtext("e:instanceId", namespaces=NAMESPACE),
            "current": state(item, "currentState"),
            "previous": state(item, "previousState"),
        }
        for item in root.iterfind("e:instancesSet/e:item", NAMESPACE)
    ]


def state(item, name):
    code = int(item.findtext(f"e:{name}/e:code", namespaces=NAMESPACE))
    return code, item.findtext(f"e:{name}/e:name", namespaces=NAMESPACE)


def sync(url):
    client = httpx.Client()
    return lambda ids: parsed(client.post(url, **signed(url, ids)))


@contextlib.asynccontextmanager
async def concurrent(url, concurrency):
    del concurrency
    async with httpx.AsyncClient(timeout=None) as client:

        async def stop(ids):
            return parsed(await client.post(url, **signed(url, ids)))

        yield stop
