"""Calls with pages, through both clients, over answers from memory."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl

import httpx
import pytest

import ec2lite
from ec2lite.errors import ConfigError, InstanceNotFound, RequestLimitExceeded, ResponseError
from samples import KEYS, NAMESPACE, fault

ROOTS = {
    "DescribeInstances": (
        "<reservationSet><item><instancesSet>{}</instancesSet></item></reservationSet>"
    ),
    "DescribeInstanceStatus": "<instanceStatusSet>{}</instanceStatusSet>",
}


class Service:
    """Answers with pages that a test has prepared: lists of ids and tokens, or errors."""

    def __init__(self, *pages):
        self.pages = list(pages)
        self.requests = []
        self.deadlines = []
        self.transport = httpx.MockTransport(self.answer)

    def answer(self, request):
        pairs = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        self.requests.append(pairs)
        self.deadlines.append(request.extensions["deadline"])
        page = self.pages.pop(0)
        if isinstance(page, httpx.Response):
            return page
        ids, token = page
        return httpx.Response(200, content=document(pairs["Action"], ids, token))

    @property
    def tokens(self):
        return [pairs.get("NextToken") for pairs in self.requests]


def document(action, ids, token):
    """Return the answer of a page."""
    items = "".join(f"<item><instanceId>{each}</instanceId></item>" for each in ids)
    more = f"<nextToken>{token}</nextToken>" if token is not None else ""
    root = ROOTS[action].format(items)
    text = f'<{action}Response xmlns="{NAMESPACE}">{root}{more}</{action}Response>'
    return text.encode()


def refusal(status, *errors):
    """Return an answer that says no."""
    return httpx.Response(status, content=fault(*errors))


@pytest.fixture
def ask(colour):
    """Return a function that opens a client of each colour on a service."""

    def open_client(service, **options):
        return colour.client("eu-west-1", credentials=KEYS, transport=service.transport, **options)

    return open_client


def ids(items):
    """Return the ids of instances or statuses."""
    return [each.instance_id for each in items]


METHODS = ["describe_instances", "describe_instance_status"]


@pytest.mark.parametrize("method", METHODS)
def test_pages(ask, method):
    """All items come, in order, over pages that are short, empty, or the last one."""
    service = Service((["i-1"], "t1"), ([], "t2"), (["i-2", "i-3"], "t3"), ([], ""))
    with ask(service) as ec2:
        found = ids(getattr(ec2, method)(all_instances=True))

    assert ["i-1", "i-2", "i-3"] == found
    assert [None, "t1", "t2", "t3"] == service.tokens
    assert {"1000"} == {pairs["MaxResults"] for pairs in service.requests}


def test_lazy(ask):
    """Nothing is sent before the first item is wanted, and nothing after a break."""
    service = Service((["i-1", "i-2"], "t1"), (["i-3"], None))
    with ask(service) as ec2:
        listing = ec2.describe_instances(all_instances=True)
        assert [] == service.requests
        for instance in listing:
            assert "i-1" == instance.instance_id
            break
        assert 1 == len(service.requests)


def test_first_item_after_first_page(ask):
    """The first item is there after one page, and the next page is asked for when it is used up."""
    service = Service((["i-1", "i-2"], "t1"), (["i-3"], None))
    sent = []
    with ask(service) as ec2:
        sent = [(each.instance_id, len(service.requests)) for each in iter_(ec2)]

    assert [("i-1", 1), ("i-2", 1), ("i-3", 2)] == sent


def iter_(ec2):
    """Return what iterates over everything."""
    return iter(ec2.describe_instances(all_instances=True))


def test_results(ask):
    """``pages()`` gives the results, which know how they came."""
    service = Service((["i-1"], "t1"), (["i-2"], None))
    with ask(service) as ec2:
        pages = list(ec2.describe_instances(all_instances=True, page_size=5).pages())

    assert ["t1", None] == [page.next_token for page in pages]
    assert [1, 1] == [page.response_metadata.attempts for page in pages]
    assert {"5"} == {pairs["MaxResults"] for pairs in service.requests}


def test_twice(ask):
    """Each iteration asks anew."""
    service = Service((["i-1"], None), (["i-1", "i-2"], None))
    with ask(service) as ec2:
        listing = ec2.describe_instances(filters={"vpc-id": "vpc-1"})
        assert ["i-1"] == ids(listing)
        assert ["i-1", "i-2"] == ids(listing)


@pytest.mark.parametrize(("method", "most"), [(METHODS[0], 1000), (METHODS[1], 100)])
def test_many_ids(ask, method, most):
    """Ids beyond one call's limit are asked for in several calls, in order, each with its pages."""
    wanted = [f"i-{number}" for number in range(most + 2)]
    service = Service((wanted[:1], "t1"), (wanted[1:most], None), (wanted[most:], None))
    with ask(service) as ec2:
        found = ids(getattr(ec2, method)([*wanted, wanted[0]]))

    assert wanted == found
    assert [None, "t1", None] == service.tokens
    counts = [sum(name.startswith("InstanceId.") for name in pairs) for pairs in service.requests]
    assert [most, most, 2] == counts
    assert all("MaxResults" not in pairs for pairs in service.requests)


def test_one_page(ask):
    """``send`` asks for one page, and no more."""
    service = Service((["i-1"], "t1"))
    with ask(service) as ec2:
        page = ec2.send(ec2lite.DescribeInstances(all_instances=True, next_token="t0"))

    assert ("t1", ["i-1"]) == (page.next_token, ids(page.instances))
    assert ["t0"] == service.tokens


@pytest.mark.parametrize("tokens", [["t1", "t1"], ["t1", "t2", "t1"], ["t0"]])
def test_repeated_token(ask, tokens):
    """A token that comes again ends the iteration with an error; what came before is kept."""
    service = Service(*(([f"i-{n}"], token) for n, token in enumerate(tokens)))
    found = []
    with ask(service) as ec2, pytest.raises(ResponseError, match="token of the next page"):
        found.extend(ec2.describe_instances(all_instances=True, next_token="t0"))

    assert len(tokens) == len(found) == len(service.requests)


@pytest.mark.parametrize("method", METHODS)
def test_bad_arguments(ask, method):
    """What is wrong is refused when the method is called, before anything is iterated."""
    service = Service()
    with ask(service) as ec2:
        for arguments in ({}, {"instance_ids": []}, {"filters": {}}, {"page_size": 4}):
            with pytest.raises(ConfigError):
                getattr(ec2, method)(**arguments)

    assert [] == service.requests


def test_retried(ask):
    """Each page is a call of its own, with attempts of its own."""
    busy = [refusal(503, ("RequestLimitExceeded", "slow down")) for _ in range(4)]
    service = Service(*busy[:2], (["i-1"], "t1"), *busy[2:], (["i-2"], None))
    with ask(service, retry=ec2lite.StandardRetry(max_attempts=3)) as ec2:
        pages = list(ec2.describe_instances(all_instances=True).pages())

    assert [3, 3] == [page.response_metadata.attempts for page in pages]
    assert [None, None, None, "t1", "t1", "t1"] == service.tokens


def test_error_ends(ask):
    """A page that fails ends the iteration with its error; the items before it were given."""
    service = Service((["i-1"], "t1"), refusal(400, ("InvalidInstanceID.NotFound", "gone")))
    found = []
    with ask(service) as ec2, pytest.raises(InstanceNotFound) as caught:
        found.extend(ec2.describe_instances(all_instances=True))

    assert ["i-1"] == ids(found)
    assert "DescribeInstances" == caught.value.operation


def test_time_limit(ask):
    """No time limit runs while the consumer has an item, and each page has the whole limit."""
    service = Service((["i-1", "i-2"], "t1"), (["i-3"], None))
    with ask(service, timeout=60) as ec2:
        for _ in ec2.describe_instances(all_instances=True):
            time.sleep(0.05)

    first, second = service.deadlines
    assert second - first >= 0.1


def test_dry_run(ask):
    """A dry run of a request that could be iterated over is a value."""
    service = Service(refusal(412, ("DryRunOperation", "it would")))
    with ask(service) as ec2:
        assert ec2.dry_run(ec2lite.DescribeInstances(all_instances=True)).allowed

    assert "true" == service.requests[0]["DryRun"]


def test_closed(ask):
    """A client that was closed between two pages says so."""
    service = Service((["i-1"], "t1"))
    with ask(service) as ec2:
        items = iter(ec2.describe_instances(all_instances=True))
        next(items)
        ec2.close()
        with pytest.raises(ConfigError, match="the client is closed"):
            next(items)
        with pytest.raises(ConfigError, match="the client is closed"):
            list(ec2.describe_instances(all_instances=True))


def test_throttled_for_good(ask):
    """An error that no attempt mends is raised for the next item, and then there is none."""
    service = Service(refusal(503, ("RequestLimitExceeded", "slow down")))
    with ask(service, retry=ec2lite.NoRetry()) as ec2:
        items = iter(ec2.describe_instances(all_instances=True))
        with pytest.raises(RequestLimitExceeded):
            next(items)
        assert [] == list(items)


def test_repr():
    """A listing shows what it asks for."""
    with ec2lite.Client("eu-west-1", credentials=KEYS) as ec2:
        shown = repr(ec2.describe_instances("i-1"))
    awaited = repr(ec2lite.AsyncClient("eu-west-1", credentials=KEYS).describe_instances("i-1"))

    assert shown.startswith("<Listing of DescribeInstances(instance_ids=('i-1',), ")
    assert f"<Async{shown[1:]}" == awaited
