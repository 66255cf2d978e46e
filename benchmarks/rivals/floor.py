"""The physical floor: a raw socket, hashlib, lxml; no errors, no retries, no limits of any kind."""

import hmac
import socket
import time
from hashlib import sha256

from lxml import etree

CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def derived(day):
    key = b"AWS4" + SECRET.encode()
    for part in (day, "eu-west-1", "ec2", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


KEYS = {}


def signed(url, ids):
    pairs = [f"&InstanceId.{index}={each}" for index, each in enumerate(ids, 1)]
    body = ("Action=StopInstances&Version=2016-11-15" + "".join(pairs)).encode()
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    day, host = now[:8], url.removeprefix("http://")
    if day not in KEYS:
        KEYS[day] = derived(day)
    names = "content-type;host;x-amz-date"
    canonical = (
        f"POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\nx-amz-date:{now}\n\n"
        f"{names}\n{sha256(body).hexdigest()}"
    )
    scope = f"{day}/eu-west-1/ec2/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(KEYS[day], text.encode(), "sha256").hex()
    return body, {
        "host": host,
        "content-type": CONTENT_TYPE,
        "x-amz-date": now,
        "authorization": f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, "
        f"SignedHeaders={names}, Signature={signature}",
    }


TEXTS = etree.XPath("//text()", smart_strings=False)


def parsed(document):
    return TEXTS(etree.fromstring(document))


def sync(url):
    host, port = url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def stop(ids):
        body, headers = signed(url, ids)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST / HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        return parsed(received(connection))

    return stop


def received(connection):
    data = connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.rpartition(b"Content-Length: ")[2])
    parts, missing = [body], length - len(body)
    while missing:
        parts.append(connection.recv(65536))
        missing -= len(parts[-1])
    return b"".join(parts)
