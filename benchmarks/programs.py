"""Programs that start cold: Python, import, client, first answer."""

from __future__ import annotations

OURS = """
import sys, ec2lite
keys = ec2lite.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
with ec2lite.Client("eu-west-1", credentials=keys, endpoint_url=sys.argv[1]{signer}) as ec2:
    assert ec2.stop_instances(["i-00000000000000000"]).stopping_instances
"""

COMMAND = """
import os, sys
os.environ["AWS_ACCESS_KEY_ID"] = "AKIDEXAMPLE"
os.environ["AWS_SECRET_ACCESS_KEY"] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
sys.argv = ["-", {arguments}, "--endpoint-url", sys.argv[1], "--region", "eu-west-1"]
from {module} import main
sys.exit(main())
"""

PROGRAMS = {
    "boto": """
import sys, boto3
ec2 = boto3.client("ec2", region_name="eu-west-1", endpoint_url=sys.argv[1],
    aws_access_key_id="AKIDEXAMPLE",
    aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
assert ec2.stop_instances(InstanceIds=["i-00000000000000000"])["StoppingInstances"]
""",
    "capo": """
import sys
from capo_ec2 import Credentials, EC2Client
keys = Credentials(access_key="AKIDEXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
ec2 = EC2Client(region="eu-west-1", endpoint=sys.argv[1], credentials=keys)
assert ec2.stop_instances(instance_ids=["i-00000000000000000"])
""",
    "plain": """
import sys
from rivals import plain
assert plain.sync(sys.argv[1])(["i-00000000000000000"])
""",
    "ours": OURS.format(signer=""),
    "ours_sigv4": OURS.format(signer=", signer=ec2lite.SigV4()"),
    "ours_fast": OURS.format(signer=", signer=ec2lite.SigV4(), transport=ec2lite.FastTransport()"),
    # The command lines: what their console scripts do, with keys from the environment.
    "aws_cli": COMMAND.format(
        module="awscli.clidriver",
        arguments='"ec2", "stop-instances", "--instance-ids", "i-00000000000000000"',
    ),
    "ours_cli": COMMAND.format(
        module="ec2lite.cli.main", arguments='"stop", "i-00000000000000000"'
    ),
}

MODULES = {"boto": "boto3", "aioboto": "aiobotocore.session", "capo": "capo_ec2", "ours": "ec2lite"}
