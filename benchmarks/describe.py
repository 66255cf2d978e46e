"""What describing a thousand instances costs: `python benchmarks/describe.py`.

A server on loopback sends pages of a thousand instances. Each measurement is a process of its own,
which calls once to warm up and then describes one page: CPU of the call and of reading what it
names, and growth of the peak of memory, body included. ``--smoke`` shows only that it still runs.
"""

from __future__ import annotations

import argparse
import gc
import http.server
import json
import re
import resource
import statistics
import subprocess
import sys
import time
from urllib.parse import parse_qs

KEYS = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
GOALS = {"some": 0.15, "everything": 0.25, "memory": 0.25}

# ---- the pages ----------------------------------------------------------------------------------


def tree(number):
    """Return an instance with the members that most instances have, some 6 kB as EC2 writes it."""
    name, address = (
        f"ip-172-31-{number // 250}-{number % 250}",
        f"172.31.{number // 250}.{number % 250}",
    )
    group = ("groupSet", [("item", [("groupId", "sg-0ab12cd34ef567890"), ("groupName", "web")])])
    public = [("publicIp", "203.0.113.7"), ("publicDnsName", ""), ("ipOwnerId", "amazon")]
    tags = {"Name": f"web-{number:05d}", "env": "prod", "owner": "platform-team"}
    attached = [("status", "attached"), ("attachTime", "2026-03-11T08:12:33.000Z")]
    return [
        ("instanceId", f"i-{number:017x}"),
        ("imageId", "ami-0abcdef1234567890"),
        ("instanceState", [("code", "16"), ("name", "running")]),
        ("privateDnsName", f"{name}.eu-west-1.compute.internal"),
        ("dnsName", "ec2-203-0-113-7.eu-west-1.compute.amazonaws.com"),
        ("reason", ""),
        ("keyName", "deploy-key"),
        ("amiLaunchIndex", "0"),
        ("productCodes", []),
        ("instanceType", "m7g.large"),
        ("launchTime", "2026-03-11T08:12:33.000Z"),
        (
            "placement",
            [
                ("availabilityZone", "eu-west-1a"),
                ("availabilityZoneId", "euw1-az1"),
                ("groupName", ""),
                ("tenancy", "default"),
            ],
        ),
        ("monitoring", [("state", "disabled")]),
        ("subnetId", "subnet-0abcdef1234567890"),
        ("vpcId", "vpc-0abcdef1234567890"),
        ("privateIpAddress", address),
        ("ipAddress", "203.0.113.7"),
        ("sourceDestCheck", "true"),
        group,
        ("architecture", "arm64"),
        ("rootDeviceType", "ebs"),
        ("rootDeviceName", "/dev/xvda"),
        (
            "blockDeviceMapping",
            [
                (
                    "item",
                    [
                        ("deviceName", "/dev/xvda"),
                        (
                            "ebs",
                            [
                                ("volumeId", f"vol-{number:017x}"),
                                *attached,
                                ("deleteOnTermination", "true"),
                            ],
                        ),
                    ],
                )
            ],
        ),
        ("virtualizationType", "hvm"),
        ("clientToken", f"6f1b2a7e-31d4-4f0a-9d0e-{number:012x}"),
        ("tagSet", [("item", [("key", key), ("value", value)]) for key, value in tags.items()]),
        ("hypervisor", "xen"),
        (
            "networkInterfaceSet",
            [
                (
                    "item",
                    [
                        ("networkInterfaceId", f"eni-{number:017x}"),
                        ("subnetId", "subnet-0abcdef1234567890"),
                        ("vpcId", "vpc-0abcdef1234567890"),
                        ("description", ""),
                        ("ownerId", "123456789012"),
                        ("status", "in-use"),
                        ("macAddress", "0a:1b:2c:3d:4e:5f"),
                        ("privateIpAddress", address),
                        ("sourceDestCheck", "true"),
                        group,
                        (
                            "attachment",
                            [
                                ("attachmentId", f"eni-attach-{number:017x}"),
                                ("deviceIndex", "0"),
                                *attached,
                                ("deleteOnTermination", "true"),
                                ("networkCardIndex", "0"),
                            ],
                        ),
                        ("association", public),
                        (
                            "privateIpAddressesSet",
                            [
                                (
                                    "item",
                                    [
                                        ("privateIpAddress", address),
                                        ("primary", "true"),
                                        ("association", public),
                                    ],
                                )
                            ],
                        ),
                        ("ipv6AddressesSet", []),
                        ("interfaceType", "interface"),
                        ("operator", [("managed", "false")]),
                    ],
                )
            ],
        ),
        (
            "iamInstanceProfile",
            [
                ("arn", "arn:aws:iam::123456789012:instance-profile/web"),
                ("id", "AIPAEXAMPLEEXAMPLE123"),
            ],
        ),
        ("ebsOptimized", "true"),
        ("enaSupport", "true"),
        ("cpuOptions", [("coreCount", "2"), ("threadsPerCore", "1")]),
        ("capacityReservationSpecification", [("capacityReservationPreference", "open")]),
        ("hibernationOptions", [("configured", "false")]),
        ("enclaveOptions", [("enabled", "false")]),
        (
            "metadataOptions",
            [
                ("state", "applied"),
                ("httpTokens", "required"),
                ("httpPutResponseHopLimit", "2"),
                ("httpEndpoint", "enabled"),
                ("httpProtocolIpv6", "disabled"),
                ("instanceMetadataTags", "disabled"),
            ],
        ),
        ("platformDetails", "Linux/UNIX"),
        ("usageOperation", "RunInstances"),
        ("usageOperationUpdateTime", "2026-03-11T08:12:33.000Z"),
        (
            "privateDnsNameOptions",
            [
                ("hostnameType", "ip-name"),
                ("enableResourceNameDnsARecord", "false"),
                ("enableResourceNameDnsAAAARecord", "false"),
            ],
        ),
        ("maintenanceOptions", [("autoRecovery", "default"), ("rebootMigration", "default")]),
        ("bootMode", "uefi"),
        ("currentInstanceBootMode", "uefi"),
        ("networkPerformanceOptions", [("bandwidthWeighting", "default")]),
        ("operator", [("managed", "false")]),
    ]


def write(name, inside, depth):
    """Return the lines of an element, indented as EC2 does it."""
    gap = "    " * depth
    if not inside:
        return [f"{gap}<{name}/>"]
    if isinstance(inside, str):
        return [f"{gap}<{name}>{inside}</{name}>"]
    lines = [line for child in inside for line in write(*child, depth + 1)]
    return [f"{gap}<{name}>", *lines, f"{gap}</{name}>"]


def page(first, count, token):
    """Return an answer with so many instances, each in a reservation of its own."""
    reservations = [
        (
            "item",
            [
                ("reservationId", f"r-{number:017x}"),
                ("ownerId", "123456789012"),
                ("groupSet", []),
                ("instancesSet", [("item", tree(number))]),
            ],
        )
        for number in range(first, first + count)
    ]
    inside = [("requestId", "8f7724cf-496f-496e-8fe3-example"), ("reservationSet", reservations)]
    inside += [("nextToken", token)] if token else []
    lines = [line for child in inside for line in write(*child, 1)]
    head = '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
    start = ['<?xml version="1.0" encoding="UTF-8"?>', head]
    return "\n".join([*start, *lines, "</DescribeInstancesResponse>"]).encode()


def serve(size, pages, compact):
    """Send pages: the n-th where the token is n. A filter ``vpc-id`` asks for two instances."""
    full, few = page(0, size, "TOKEN"), page(0, 2, "")
    if compact:
        full, few = (re.sub(rb">\s+<", b"><", each) for each in (full, few))

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            number = int(parse_qs(text).get("NextToken", ["0"])[0])
            body = few if "vpc-id" in text else self.numbered(number)
            self.send_response(200)
            self.send_header("content-type", "text/xml;charset=UTF-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def numbered(self, number):
            token = b"%d" % (number + 1) if number + 1 < pages else b""
            return full.replace(b"TOKEN", token)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    print(len(full) // size, flush=True)
    server.serve_forever()


# ---- what is measured ---------------------------------------------------------------------------


def ours(url):
    import ec2lite

    ec2 = ec2lite.Client("eu-west-1", credentials=ec2lite.Credentials(*KEYS), endpoint_url=url)

    def describe(**filters):
        return list(ec2.describe_instances(**(filters or {"all_instances": True})))

    return ec2, lambda: describe(filters={"vpc-id": "v"}), describe


def some(instances):
    return [
        (i.instance_id, i.state.name, i.instance_type, i.placement.availability_zone, i.tags)
        for i in instances
    ]


def everything(instances):
    """Have every member read: asking for one that is read later reads all of those."""
    return [i.network_interfaces for i in instances]


def theirs(url):
    import boto3

    ec2 = boto3.client("ec2", "eu-west-1", endpoint_url=url,
                       aws_access_key_id=KEYS[0], aws_secret_access_key=KEYS[1])  # fmt: skip
    few = [{"Name": "vpc-id", "Values": ["v"]}]
    return (
        ec2,
        lambda: ec2.describe_instances(Filters=few),
        lambda: ec2.describe_instances(MaxResults=1000),
    )


def some_of_theirs(answer):
    return [
        (i["InstanceId"], i["State"]["Name"], i["InstanceType"], i["Placement"]["AvailabilityZone"],
         {tag["Key"]: tag["Value"] for tag in i["Tags"]})
        for one in answer["Reservations"] for i in one["Instances"]
    ]  # fmt: skip


LIBRARIES = {
    "boto3, some": (theirs, some_of_theirs),
    "boto3, everything": (theirs, bool),
    "ec2lite, some": (ours, some),
    "ec2lite, everything": (ours, everything),
    "ec2lite, to_dict()": (ours, lambda found: [each.to_dict() for each in found]),
}


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name, url):
    """Print CPU in milliseconds and growth in MiB of describing one page."""
    library, use = LIBRARIES[name]
    _keep, warm, describe = library(url)
    use(warm())
    gc.collect()
    before, started = peak(), time.process_time()
    found = describe()
    kept = use(found)
    print(json.dumps([(time.process_time() - started) * 1e3, peak() - before]))
    del kept


def walk(url, most):
    """Print when the first item came, in pages, and the growth in MiB after each tenth."""
    ec2, warm, _ = ours(url)
    warm()
    grown, first, before, started = [], 0.0, peak(), time.perf_counter()
    for number, instance in enumerate(ec2.describe_instances(all_instances=True), 1):
        first = first or time.perf_counter() - started
        if number % (most // 10) == 0:
            grown.append(round(peak() - before, 1))
        del instance
    print(json.dumps([number, first, time.perf_counter() - started, grown]))


def child(*arguments):
    done = subprocess.run([sys.executable, __file__, *map(str, arguments)],
                          check=True, capture_output=True, text=True)  # fmt: skip
    return json.loads(done.stdout)


class Server:
    def __init__(self, size, pages, *, compact=False):
        command = [sys.executable, __file__, "--serve", str(size), str(pages), str(int(compact))]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.size = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def compare(size, rounds, *, compact):
    samples = {name: [] for name in LIBRARIES}
    with Server(size, 1, compact=compact) as server:
        print(
            f"{size} instances of {server.size} bytes, {'without' if compact else 'with'}"
            f" white space, medians of {rounds} rounds\n"
        )
        for _ in range(rounds):
            for name in LIBRARIES:
                samples[name].append(child("--measure", name, server.url))
    print("| | CPU, ms | growth, MiB | CPU ratio | growth ratio |\n| --- | --: | --: | --: | --: |")
    for name, taken in samples.items():
        base = samples["boto3, " + ("some" if name.endswith("some") else "everything")]
        cpu, grown = (statistics.median(each) for each in zip(*taken, strict=True))
        ratio = statistics.median(a[0] / b[0] for a, b in zip(taken, base, strict=True))
        more = statistics.median(a[1] / max(b[1], 0.1) for a, b in zip(taken, base, strict=True))
        print(f"| {name} | {cpu:.0f} | {grown:.1f} | {ratio:.2f} | {more:.2f} |")
    print(f"\nGoals: CPU {GOALS['some']} for some, {GOALS['everything']} for everything;"
          f" growth {GOALS['memory']}.")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="quick: does everything still run?")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--serve", nargs=3, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--walk", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(*options.serve)
    elif options.measure:
        measure(*options.measure)
    elif options.walk:
        walk(options.walk[0], int(options.walk[1]))
    else:
        size, rounds, pages = (20, 1, 3) if options.smoke else (1000, options.rounds, 50)
        compare(size, rounds, compact=False)
        compare(size, rounds, compact=True)
        with Server(size, 10) as server:
            count, first, whole, _ = child("--walk", server.url, 10 * size)
        print(
            f"\nThe first of {count} items in 10 pages came after {first / whole:.0%} of the time."
        )
        with Server(size, pages) as server:
            count, _, _, grown = child("--walk", server.url, pages * size)
        print(f"Growth while iterating over {count} instances, MiB after each tenth: {grown}.")


if __name__ == "__main__":
    main()
