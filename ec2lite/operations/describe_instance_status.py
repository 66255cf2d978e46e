"""DescribeInstanceStatus, whole: what the caller means, what goes out, what comes back.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from ec2lite.operations import paging
from ec2lite.operations.fields import checked, read_result, sent
from ec2lite.operations.filters import Filter, Filters, status_filters
from ec2lite.operations.paging import Paged
from ec2lite.operations.scalars import BOOLEAN, TEXT
from ec2lite.operations.structures import Items, Structure, form_pairs

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.operations.instance_status import DescribeInstanceStatusResult, InstanceStatus
    from ec2lite.protocol.xml import Element


@frozen(field_transformer=checked)
class DescribeInstanceStatus(Paged["DescribeInstanceStatusResult", "InstanceStatus"]):
    """Describe status checks and scheduled events, by ids, by filters, or of all instances.

    - ``instance_ids``: one id or several; more than 100 are asked for in several calls, in order.
    - ``filters``: ``{"event.code": ["instance-stop"]}``, or ``Filter`` objects. An instance has to
      match each filter, by one of its values. At most 200 values in all.
    - ``include_all_instances``: also describe instances that are not running. EC2 leaves them out
      otherwise, even when asked for by id.
    - ``include_managed_resources``: also describe instances that an AWS service runs for the
      account, which lists leave out otherwise. None leaves it to the account's setting.
    - ``all_instances``: True allows a request with neither ids nor filters, whatever
      ``include_all_instances`` is. With ids it is refused; filters narrow it. It is not sent.
    - ``page_size``: instances in a page, 5 to 1000; 1000 by default. Not together with ids.
    - ``next_token``: the token of a page, to go on from there.
    - ``dry_run``: check permission only; see ``Client.dry_run``.
    """

    action: ClassVar[str] = "DescribeInstanceStatus"
    most_ids: ClassVar[int] = 100

    instance_ids: tuple[str, ...] | None = field(
        default=None, converter=paging.optional_ids, metadata=sent("InstanceId", Items(TEXT))
    )
    filters: Filters | None = field(
        default=None,
        converter=status_filters,
        kw_only=True,
        metadata=sent("Filter", Items(Structure(Filter))),
    )
    include_all_instances: bool | None = field(
        default=None, kw_only=True, metadata=sent("IncludeAllInstances", BOOLEAN)
    )
    include_managed_resources: bool | None = field(
        default=None, kw_only=True, metadata=sent("IncludeManagedResources", BOOLEAN)
    )
    all_instances: bool = field(default=False, kw_only=True, validator=paging.is_bool)
    page_size: int | None = field(default=None, kw_only=True, validator=paging.is_page_size)
    next_token: str | None = field(default=None, kw_only=True, metadata=sent("NextToken", TEXT))
    dry_run: bool | None = field(default=None, kw_only=True, metadata=sent("DryRun", BOOLEAN))

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return ``InstanceId.1``, ``Filter.1.Name``, ``Filter.1.Value.1`` and on, and the rest."""
        return [*form_pairs(self), *self.page_pairs()]

    def parse(self, root: Element, metadata: ResponseMetadata) -> DescribeInstanceStatusResult:
        """Read ``instanceStatusSet/item`` and ``nextToken``."""
        from ec2lite.operations.instance_status import DescribeInstanceStatusResult

        return read_result(DescribeInstanceStatusResult, root, metadata)

    def items(self, page: DescribeInstanceStatusResult) -> tuple[InstanceStatus, ...]:
        """Return the statuses of a page."""
        return page.instance_statuses

    def token_after(self, page: DescribeInstanceStatusResult) -> str | None:
        """Return the token of the page that follows."""
        return page.next_token
