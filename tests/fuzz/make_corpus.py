"""Write the seeds of the corpus: python tests/fuzz/make_corpus.py."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

ITEM = (
    "<item><instanceId>i-1234567890abcdef0</instanceId>"
    "<currentState><code>64</code><name>stopping</name></currentState>"
    "<previousState><code>16</code><name>running</name></previousState></item>"
)
NAMESPACE = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
GOOD = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<StopInstancesResponse {NAMESPACE}>'
    f"<requestId>59dbff89</requestId><instancesSet>{ITEM}{ITEM}</instancesSet>"
    "</StopInstancesResponse>"
)
FAULT = (
    "<Response><Errors><Error><Code>Client.InvalidInstanceID.NotFound</Code>"
    "<Message>The instance ID 'i-1' does not exist</Message></Error>"
    "<Error><Code>Server.InternalError</Code></Error></Errors>"
    "<RequestID>ea966190</RequestID></Response>"
)
STS_FAULT = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>no</Message>"
    "</Error><RequestId>c6104cbe</RequestId></ErrorResponse>"
)
LAUGHS = (
    '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]>'
    "<StopInstancesResponse><requestId>&c;</requestId></StopInstancesResponse>"
)
UTF16 = GOOD.replace("UTF-8", "UTF-16").encode("utf-16")
LATIN1 = GOOD.replace("UTF-8", "ISO-8859-1").replace("stopping", "stoppé").encode("latin-1")
SEEDS = {
    "good": GOOD.encode() + b"\x00\x00",
    "fault": FAULT.encode() + b"\x02\x00",
    "sts-fault": STS_FAULT.encode() + b"\x02\x00",
    "laughs": LAUGHS.encode() + b"\x00\x00",
    "utf16": UTF16 + b"\x00\x00",
    "latin1": LATIN1 + b"\x00\x00",
    "html": b"<html><body>Sign in to the Wi-Fi</body></html>\x00\x00",
    "gzip": gzip.compress(GOOD.encode(), mtime=0) + b"\x00\x02",
    "deflate": zlib.compress(GOOD.encode()) + b"\x00\x03",
}

if __name__ == "__main__":
    for body in SEEDS.values():
        name = hashlib.sha1(body).hexdigest()
        (Path(__file__).parent / "corpus" / name).write_bytes(body)
