"""DescribeInstances, whole: what the caller means, what goes out, what comes back.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from ec2lite.operations import paging
from ec2lite.operations.fields import checked, sent
from ec2lite.operations.filters import Filter, Filters, instance_filters
from ec2lite.operations.paging import Paged
from ec2lite.operations.scalars import BOOLEAN, TEXT
from ec2lite.operations.structures import Items, Structure, form_pairs

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.operations.instance import Instance
    from ec2lite.operations.reservations import DescribeInstancesResult, Reservations
    from ec2lite.protocol.xml import Element


@frozen(field_transformer=checked)
class DescribeInstances(Paged["DescribeInstancesResult", "Instance"]):
    """Describe instances, by their ids, by filters, or all of the Region.

    - ``instance_ids``: one id or several; more than 1000 are asked for in several calls, in order.
      An id that does not exist is an error; one of another account is left out.
    - ``filters``: ``{"tag:env": ["dev"]}``, or ``Filter`` objects. An instance has to match each
      filter, by one of its values. At most 200 values in all. EC2 refuses a name that it does not
      have; before that, ec2lite warns of it.
    - ``include_managed_resources``: also list instances that an AWS service runs for the account
      (EKS Auto Mode, ECS, Lambda), which lists leave out otherwise. None leaves it to the account's
      setting. ``Instance.operator`` tells them.
    - ``all_instances``: True allows a request with neither ids nor filters. With ids it is refused;
      filters narrow it. It is not sent.
    - ``page_size``: instances in a page, 5 to 1000; 1000 by default. Not together with ids.
    - ``next_token``: the token of a page, to go on from there.
    - ``dry_run``: check permission only; see ``Client.dry_run``.

    Terminated instances are described for about an hour. What was changed a moment ago may not show
    yet, and the order may differ from one call to the next.
    """

    action: ClassVar[str] = "DescribeInstances"
    most_ids: ClassVar[int] = 1000

    instance_ids: tuple[str, ...] | None = field(
        default=None, converter=paging.optional_ids, metadata=sent("InstanceId", Items(TEXT))
    )
    filters: Filters | None = field(
        default=None,
        converter=instance_filters,
        kw_only=True,
        metadata=sent("Filter", Items(Structure(Filter))),
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

    def collector(self) -> Reservations:
        """Return what reads instance by instance: a page may have several megabytes."""
        from ec2lite.operations.reservations import Reservations

        return Reservations()

    def parse(self, root: Element, metadata: ResponseMetadata) -> DescribeInstancesResult:
        """Read ``reservationSet/item/instancesSet/item`` and ``nextToken``."""
        reservations = self.collector()
        reservations.collect(root, is_complete=True)
        return reservations.result(root, metadata)

    def items(self, page: DescribeInstancesResult) -> tuple[Instance, ...]:
        """Return the instances of a page."""
        return page.instances

    def token_after(self, page: DescribeInstancesResult) -> str | None:
        """Return the token of the page that follows."""
        return page.next_token
