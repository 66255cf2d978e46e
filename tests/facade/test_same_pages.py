"""The facade's paginators, compared with botocore's over the same pages."""

from __future__ import annotations

from typing import Any

import botocore.exceptions
import botocore.paginate
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ec2lite.boto3
from ec2lite.boto3.pages import PAGED, Paginator

CONFIGURED = botocore.session.get_session().get_paginator_model("ec2")
MODEL = botocore.session.get_session().get_service_model("ec2")
# Pages of some sizes; None stands for one without the list.
SIZES = st.lists(st.none() | st.integers(0, 4), min_size=1, max_size=4)
LIMITS = st.none() | st.integers(0, 9)


class Service:
    """Answers with pages, and notes what it was asked for."""

    def __init__(self, sizes: list[int | None], key: str) -> None:
        self.pages: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        count = 0
        for number, size in enumerate(sizes, 1):
            here = {} if size is None else {key: [{"n": count + n} for n in range(size)]}
            count += size or 0
            self.pages.append({**here, "NextToken": str(number)} if number < len(sizes) else here)

    def __call__(self, **arguments: Any) -> dict[str, Any]:
        self.asked.append(dict(arguments))
        page = self.pages[int(arguments.get("NextToken", 0))]
        return {name: list(each) if isinstance(each, list) else each for name, each in page.items()}


def paginators(sizes: list[int | None], method: str) -> Any:
    """Return boto3's paginator and ours, each with its service."""
    action = "".join(part.title() for part in method.split("_"))
    theirs, ours = Service(sizes, PAGED[method]), Service(sizes, PAGED[method])
    config = CONFIGURED.get_paginator(action)
    model = MODEL.operation_model(action)
    return (
        (botocore.paginate.Paginator(theirs, config, model), theirs),
        (Paginator(ours, PAGED[method]), ours),
    )


def everything(paginator: Any, service: Service, config: dict[str, Any]) -> Any:
    """Return all pages, the token, the whole, and what was asked for."""
    listed = paginator.paginate(PaginationConfig=dict(config))
    pages = list(listed)
    whole = paginator.paginate(PaginationConfig=dict(config)).build_full_result()
    return pages, listed.resume_token, whole, service.asked


@given(SIZES, LIMITS, st.none() | st.integers(5, 9), st.sampled_from(sorted(PAGED)))
def test_same_pages(sizes: list[int | None], most: int | None, size: int | None, method: str):
    """Pages, tokens and requests are botocore's, from the first item to the last one."""
    given_config = {"MaxItems": most, "PageSize": size}
    config = {name: value for name, value in given_config.items() if value is not None}
    start: str | None = None
    for _ in range(20):
        found = [
            everything(
                paginator, service, {**config, **({"StartingToken": start} if start else {})}
            )
            for paginator, service in paginators(sizes, method)
        ]
        assert found[0] == found[1]
        start = found[0][1]
        if start is None or most == 0:
            break
    else:
        raise AssertionError("the pages do not end")


@given(
    SIZES, st.sampled_from(["Reservations[].n", "NextToken", "Reservations[?n > `2`]", "length(@)"])
)
def test_same_search(sizes: list[int | None], expression: str):
    """``search`` finds what botocore's does."""
    theirs, ours = [
        list(paginator.paginate().search(expression))
        for paginator, _ in paginators(sizes, "describe_instances")
    ]

    assert theirs == ours


def test_same_error():
    """Pages without end are botocore's error, where botocore is imported."""
    paginator = Paginator(lambda **_: {"NextToken": "1"}, "Reservations")

    with pytest.raises(botocore.exceptions.PaginationError) as caught:
        list(paginator.paginate())
    assert isinstance(caught.value, ec2lite.boto3.PaginationError)
