"""Answers that hold nothing but ``<return>true</return>``."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ec2lite.errors import ResponseError
from ec2lite.operations.fields import Result, read_result
from ec2lite.protocol import xml

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element

R = TypeVar("R", bound=Result)


def read_acknowledgement(cls: type[R], root: Element, metadata: ResponseMetadata) -> R:
    """Read such an answer into a result.

    AWS documents an error where the request did not succeed, and botocore does not look; so a
    ``<return>`` that is missing is taken for true, and one that says anything else raises
    ``ResponseError``.
    """
    said = xml.find(root, "return")
    text = "true" if said is None else said.text or ""
    if text.strip(xml.WHITE_SPACE) != "true":
        raise ResponseError(f"the answer says <return>{text[:40]}</return>, not true")
    return read_result(cls, root, metadata)
