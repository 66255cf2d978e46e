"""Requests of every action, as Hypothesis makes them, and what boto3's users write for each."""

from __future__ import annotations

from hypothesis import strategies as st

import ec2lite
from ec2lite.operations import structures
from ec2lite.operations.attributes import ATTRIBUTES
from ec2lite.operations.describe_instance_status import DescribeInstanceStatus
from ec2lite.operations.describe_instances import DescribeInstances
from ec2lite.operations.filters import Filter, instance_names, status_names
from ec2lite.operations.modify_instance_attribute import InstanceBlockDeviceMappingSpecification
from ec2lite.operations.paging import Paged
from strategies import FLAGS, INSTANCE_IDS, ODD_IDS, PRINTABLE

IDS = st.lists(INSTANCE_IDS | ODD_IDS, min_size=1, max_size=5)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TIDY = st.booleans()

STARTS = st.builds(ec2lite.StartInstances, IDS, additional_info=st.none() | TEXTS, dry_run=FLAGS)
REBOOTS = st.builds(ec2lite.RebootInstances, IDS, dry_run=FLAGS)
TERMINATES = st.builds(
    ec2lite.TerminateInstances, IDS, force=FLAGS, skip_os_shutdown=FLAGS, dry_run=FLAGS
)
ASKS = st.builds(
    ec2lite.DescribeInstanceAttribute, INSTANCE_IDS, st.sampled_from(ATTRIBUTES), dry_run=FLAGS
)
MAPPINGS = st.builds(
    InstanceBlockDeviceMappingSpecification,
    TEXTS,
    delete_on_termination=FLAGS,
    volume_id=st.none() | TEXTS,
    virtual_name=st.none() | TEXTS,
    no_device=st.none() | TEXTS,
)
VALUES = {
    "disable_api_stop": TIDY,
    "disable_api_termination": TIDY,
    "instance_type": TEXTS,
    "instance_initiated_shutdown_behavior": TEXTS,
    "user_data": st.binary(max_size=40),
    "source_dest_check": TIDY,
    "ebs_optimized": TIDY,
    "ena_support": TIDY,
    "sriov_net_support": TEXTS,
    "kernel": TEXTS,
    "ramdisk": TEXTS,
    "groups": st.lists(TEXTS, min_size=1, max_size=3),
    "block_device_mappings": st.lists(MAPPINGS, min_size=1, max_size=3),
    "enclave_options": TIDY,
}
PAIRS = st.tuples(st.sampled_from(ATTRIBUTES), TEXTS).map(
    lambda pair: {"attribute": pair[0], "value": pair[1]}
)
CHANGES = PAIRS | st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: VALUES[name].map(lambda value: {name: value})
)
MODIFIES = st.tuples(INSTANCE_IDS, CHANGES, FLAGS).map(
    lambda parts: ec2lite.ModifyInstanceAttribute(parts[0], dry_run=parts[2], **parts[1])
)


def parameters(request):
    """Return what boto3's users would write for a request."""
    if isinstance(request, Paged):
        return selection(request)
    theirs = structures.to_dict(request)
    if "BlockDeviceMappings" in theirs:
        theirs["BlockDeviceMappings"] = list(map(mapping, theirs["BlockDeviceMappings"]))
    return theirs


def mapping(flat):
    """Return boto3's structure of a block device's mapping."""
    ebs = {key: flat.pop(key) for key in ("VolumeId", "DeleteOnTermination") if key in flat}
    return flat | ({"Ebs": ebs} if ebs else {})


_VALUES = st.lists(st.text(PRINTABLE | st.just(" "), max_size=10), min_size=1, max_size=3)
_TAGS = st.text(PRINTABLE, min_size=1, max_size=6).map("tag:{}".format)
_SELECTIONS = {
    "include_managed_resources": FLAGS,
    "next_token": st.none() | st.text(PRINTABLE, min_size=1, max_size=12),
    "dry_run": FLAGS,
}


def filters(names, tags):
    """Return filters of these names."""
    one = st.builds(Filter, st.sampled_from(sorted(names - {"tag:<key>"})) | tags, _VALUES)
    return st.lists(one, min_size=1, max_size=4)


def requests(cls, filters, **more):
    """Return requests with ids, with filters and pages, or for everything."""
    ids = st.lists(INSTANCE_IDS | ODD_IDS, min_size=1, max_size=5)
    sizes = st.none() | st.integers(5, 1000)
    selected = _SELECTIONS | more
    return (
        st.builds(cls, ids, filters=st.none() | filters, **selected)
        | st.builds(cls, filters=filters, page_size=sizes, **selected)
        | st.builds(cls, all_instances=st.just(True), page_size=sizes, **selected)
    )


DESCRIBES = requests(DescribeInstances, filters(instance_names(), _TAGS))
STATUSES = requests(
    DescribeInstanceStatus, filters(status_names(), st.nothing()), include_all_instances=FLAGS
)


def selection(request):
    """Return the same for a request that is answered in pages."""
    given_filters = [
        {"Name": each.name, "Values": list(each.values)} for each in request.filters or ()
    ]
    written = {
        "InstanceIds": list(request.instance_ids or ()),
        "Filters": given_filters,
        "IncludeManagedResources": request.include_managed_resources,
        "IncludeAllInstances": getattr(request, "include_all_instances", None),
        "NextToken": request.next_token,
        "DryRun": request.dry_run,
        "MaxResults": None if request.instance_ids else request.page_size or 1000,
    }
    return {name: value for name, value in written.items() if value not in (None, [])}
