"""Requests that are answered in pages: what is refused, how ids are shared out, what comes next."""

from __future__ import annotations

import pytest

from ec2lite.errors import ConfigError, ResponseError
from ec2lite.models import ResponseMetadata
from ec2lite.operations.describe_instance_status import DescribeInstanceStatus
from ec2lite.operations.describe_instances import DescribeInstances
from ec2lite.operations.reservations import DescribeInstancesResult
from ec2lite.protocol import xml

REQUESTS = [DescribeInstances, DescribeInstanceStatus]
FILTERS = {"availability-zone": "eu-west-1a"}

each_request = pytest.mark.parametrize("cls", REQUESTS)


def page(token):
    """Return an empty page, and the token of the next one."""
    metadata = ResponseMetadata("r-1", 200, {})
    return DescribeInstancesResult(next_token=token, response_metadata=metadata)


def refusal(cls, *args, **kwargs):
    """Return the message of the ConfigError that arguments end in."""
    with pytest.raises(ConfigError) as caught:
        cls(*args, **kwargs)
    return str(caught.value)


@each_request
def test_nothing_selected(cls):
    """Neither ids nor filters would mean everything: that has to be said."""
    action = cls.__name__
    message = f"{action} must be given instance_ids, filters or all_instances=True, not nothing"

    assert message == refusal(cls)
    assert message == refusal(cls, all_instances=False, page_size=5)
    assert [("MaxResults", "1000")] == cls(all_instances=True).form_pairs()


@each_request
def test_empty_ids(cls):
    """An empty list of ids is refused, not taken for everything."""
    assert "instance_ids must be at least one id, not an empty list" == refusal(cls, [])
    assert "instance_ids must be at least one id, not an empty list" == (
        refusal(cls, (), all_instances=True)
    )


@each_request
@pytest.mark.parametrize("size", [4, 1001, 0, -5, True, 5.0, "5"])
def test_page_size_out_of_range(cls, size):
    """A page has from 5 to 1000 items."""
    message = refusal(cls, filters=FILTERS, page_size=size)

    assert message.startswith("page_size must be a whole number from 5 to 1000, not ")


@each_request
@pytest.mark.parametrize("size", [5, 1000])
def test_page_size(cls, size):
    """The size of a page is sent as MaxResults."""
    assert ("MaxResults", str(size)) == cls(filters=FILTERS, page_size=size).form_pairs()[-1]


@each_request
def test_page_size_with_ids(cls):
    """EC2 takes no page size where there are ids: it is refused if given, and not sent if not."""
    assert "page_size must be None where instance_ids are given, not 5" == (
        refusal(cls, "i-1", page_size=5)
    )
    assert [("InstanceId.1", "i-1")] == cls("i-1").form_pairs()


@each_request
def test_all_instances_with_ids(cls):
    """All instances and some by id contradict each other; filters only narrow what all means."""
    assert "all_instances must be False where instance_ids are given, not True" == (
        refusal(cls, "i-1", all_instances=True)
    )
    assert cls(filters=FILTERS).form_pairs() == (
        cls(filters=FILTERS, all_instances=True).form_pairs()
    )


@each_request
@pytest.mark.parametrize("value", [None, 1, "yes"])
def test_bad_all_instances(cls, value):
    """``all_instances`` is a decision, not whatever is true."""
    message = refusal(cls, "i-1", all_instances=value)

    assert message.startswith("all_instances must be True or False, not ")


@pytest.mark.parametrize(
    ("cls", "flag"),
    [
        (DescribeInstances, "include_managed_resources"),
        (DescribeInstances, "dry_run"),
        (DescribeInstanceStatus, "include_managed_resources"),
        (DescribeInstanceStatus, "include_all_instances"),
        (DescribeInstanceStatus, "dry_run"),
    ],
)
def test_flags(cls, flag):
    """A flag is sent as it was given, false too, and refused if it is not one."""
    key = "".join(word.title() for word in flag.split("_"))

    assert (key, "false") in cls("i-1", **{flag: False}).form_pairs()
    assert (key, "true") in cls("i-1", **{flag: True}).form_pairs()
    assert f"{flag} must be True, False or None, not int" == refusal(cls, "i-1", **{flag: 1})


@each_request
def test_bad_token(cls):
    """A token is a string."""
    assert "next_token must be a string, not int" == refusal(cls, "i-1", next_token=1)


@pytest.mark.parametrize(
    ("cls", "most"), [(DescribeInstances, 1000), (DescribeInstanceStatus, 100)]
)
def test_calls(cls, most):
    """Ids beyond one call's limit go into several calls, in order, each once."""
    ids = [f"i-{number}" for number in range(2 * most + 1)]
    request = cls([*ids, *ids], include_managed_resources=True)

    calls = list(request.calls())

    assert [most, most, 1] == [len(each.instance_ids) for each in calls]
    assert ids == [each for one in calls for each in one.instance_ids]
    assert all(("IncludeManagedResources", "true") in each.form_pairs() for each in calls)
    assert tuple(ids) == request.instance_ids


@pytest.mark.parametrize(
    ("cls", "most"), [(DescribeInstances, 1000), (DescribeInstanceStatus, 100)]
)
def test_one_call(cls, most):
    """As many ids as one call takes, or no ids, are one call."""
    full = cls([f"i-{number}" for number in range(most)])

    assert [full] == list(full.calls())
    assert [cls(filters=FILTERS)] == list(cls(filters=FILTERS).calls())


@pytest.mark.parametrize(
    ("cls", "list_name", "wrapped"),
    [
        (DescribeInstances, "reservationSet", "<item><instancesSet>{}</instancesSet></item>"),
        (DescribeInstanceStatus, "instanceStatusSet", "{}"),
    ],
)
def test_answered_ids(cls, list_name, wrapped):
    """A page names the instances that it describes, in order."""
    request = cls(["i-1", "i-2"])
    items = "".join(f"<item><instanceId>{each}</instanceId></item>" for each in ("i-2", "i-1"))
    body = f"<a><{list_name}>{wrapped.format(items)}</{list_name}></a>"
    result = request.parse(xml.parse(body.encode()), ResponseMetadata("r-1", 200, {}))

    assert ["i-2", "i-1"] == list(request.answered_ids(result))


def test_after():
    """The request for the next page is the same one, with the token that came."""
    request = DescribeInstances(filters=FILTERS, page_size=7)

    following = request.after(page("t1"), set())

    assert DescribeInstances(filters=FILTERS, page_size=7, next_token="t1") == following
    assert ("NextToken", "t1") in following.form_pairs()
    assert request.next_token is None


@pytest.mark.parametrize("token", [None, ""])
def test_last_page(token):
    """No token, or an empty one, is the last page's."""
    assert DescribeInstances(all_instances=True).after(page(token), set()) is None


def test_repeated_token():
    """A token that was followed before is an error: it would be so for ever."""
    request = DescribeInstances(all_instances=True)
    followed = set()
    second = request.after(page("t1"), followed)
    third = second.after(page("t2"), followed)

    with pytest.raises(ResponseError) as caught:
        third.after(page("t1"), followed)

    assert "the token of the next page is that of an earlier one" == caught.value.args[0]
    assert ("DescribeInstances", 200) == (caught.value.operation, caught.value.status_code)
