"""How an instance is set up: its CPU, metadata service, monitoring, capacity, licenses.

Each class is the shape of that name, or of that name with ``Response`` or ``Specification``:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Types.html
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - attrs classes keep what they name

from ec2lite.operations.fields import Shape, boolean, integer, items, nested, shape, text, time


@shape
class CapacityReservationTarget(Shape):
    """The Capacity Reservation, or the group of them, that an instance is meant for."""

    capacity_reservation_id: str | None = text("capacityReservationId")
    capacity_reservation_resource_group_arn: str | None = text(
        "capacityReservationResourceGroupArn"
    )


@shape
class CapacityReservationSpecification(Shape):
    """Which Capacity Reservations an instance may use: ``open``, ``none`` or a target."""

    capacity_reservation_preference: str | None = text("capacityReservationPreference")
    capacity_reservation_target: CapacityReservationTarget | None = nested(
        CapacityReservationTarget, "capacityReservationTarget"
    )


@shape
class CpuOptions(Shape):
    """The CPU cores and threads of an instance."""

    core_count: int | None = integer("coreCount")
    threads_per_core: int | None = integer("threadsPerCore")
    amd_sev_snp: str | None = text("amdSevSnp")
    nested_virtualization: str | None = text("nestedVirtualization")


@shape
class HibernationOptions(Shape):
    """Whether an instance was launched with hibernation configured."""

    configured: bool | None = boolean("configured")


@shape
class MetadataOptions(Shape):
    """The instance metadata service: whether it answers, and to whom.

    ``http_tokens`` is ``required`` where only IMDSv2 is allowed. ``state`` is ``pending`` while a
    change is being applied.
    """

    state: str | None = text("state")
    http_tokens: str | None = text("httpTokens")
    http_put_response_hop_limit: int | None = integer("httpPutResponseHopLimit")
    http_endpoint: str | None = text("httpEndpoint")
    http_protocol_ipv6: str | None = text("httpProtocolIpv6")
    instance_metadata_tags: str | None = text("instanceMetadataTags")


@shape
class MaintenanceOptions(Shape):
    """What AWS does to recover an instance, and when it is rebooted for a scheduled event."""

    auto_recovery: str | None = text("autoRecovery")
    reboot_migration: str | None = text("rebootMigration")


@shape
class Monitoring(Shape):
    """Whether detailed monitoring is on: ``enabled``, ``disabled`` or on its way there."""

    metric_category_ids: tuple[str, ...] = items(str, "metricCategoryIdSet")
    state: str | None = text("state")


@shape
class NetworkPerformanceOptions(Shape):
    """Whether bandwidth is shifted towards the network or towards EBS."""

    bandwidth_weighting: str | None = text("bandwidthWeighting")


@shape
class PrivateDnsNameOptions(Shape):
    """How the host name of an instance is made, and which DNS queries for it are answered."""

    hostname_type: str | None = text("hostnameType")
    enable_resource_name_dns_a_record: bool | None = boolean("enableResourceNameDnsARecord")
    enable_resource_name_dns_aaaa_record: bool | None = boolean(
        "enableResourceNameDnsAAAARecord", key="EnableResourceNameDnsAAAARecord"
    )


@shape
class LicenseConfiguration(Shape):
    """A license configuration of AWS License Manager."""

    license_configuration_arn: str | None = text("licenseConfigurationArn")


@shape
class ElasticGpuAssociation(Shape):
    """An Elastic Graphics accelerator. AWS ended that service in January 2024."""

    elastic_gpu_id: str | None = text("elasticGpuId")
    elastic_gpu_association_id: str | None = text("elasticGpuAssociationId")
    elastic_gpu_association_state: str | None = text("elasticGpuAssociationState")
    elastic_gpu_association_time: str | None = text("elasticGpuAssociationTime")


@shape
class ElasticInferenceAcceleratorAssociation(Shape):
    """An Elastic Inference accelerator. AWS has ended that service."""

    elastic_inference_accelerator_arn: str | None = text("elasticInferenceAcceleratorArn")
    elastic_inference_accelerator_association_id: str | None = text(
        "elasticInferenceAcceleratorAssociationId"
    )
    elastic_inference_accelerator_association_state: str | None = text(
        "elasticInferenceAcceleratorAssociationState"
    )
    elastic_inference_accelerator_association_time: datetime | None = time(
        "elasticInferenceAcceleratorAssociationTime"
    )
