"""An instance, whole.

Each class is the shape of that name, or of that name with ``Response`` or ``Specification``:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Types.html
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - attrs classes keep what they name

from ec2lite.operations.fields import (
    Shape,
    boolean,
    integer,
    items,
    known,
    member,
    nested,
    shape,
    source,
    tags,
    text,
    time,
)
from ec2lite.operations.instance_options import (
    CapacityReservationSpecification,
    CpuOptions,
    ElasticGpuAssociation,
    ElasticInferenceAcceleratorAssociation,
    HibernationOptions,
    LicenseConfiguration,
    MaintenanceOptions,
    MetadataOptions,
    Monitoring,
    NetworkPerformanceOptions,
    PrivateDnsNameOptions,
)
from ec2lite.operations.instance_parts import (
    EnclaveOptions,
    GroupIdentifier,
    IamInstanceProfile,
    InstanceBlockDeviceMapping,
    Operator,
    ProductCode,
)
from ec2lite.operations.network_interfaces import (
    InstanceNetworkInterface,
    InstanceSecondaryInterface,
)
from ec2lite.operations.shapes import REPORTED_STATE, InstanceState


@shape
class StateReason(Shape):
    """Why an instance changed its state last, such as ``Client.UserInitiatedShutdown``."""

    code: str | None = text("code")
    message: str | None = text("message")


@shape
class Placement(Shape):
    """Where an instance runs: zone, Dedicated Host, placement group, tenancy."""

    availability_zone_id: str | None = text("availabilityZoneId")
    affinity: str | None = text("affinity")
    group_name: str | None = text("groupName")
    partition_number: int | None = integer("partitionNumber")
    host_id: str | None = text("hostId")
    tenancy: str | None = text("tenancy")
    spread_domain: str | None = text("spreadDomain")
    host_resource_group_arn: str | None = text("hostResourceGroupArn")
    group_id: str | None = text("groupId")
    availability_zone: str | None = text("availabilityZone")


@shape
class Instance(Shape):
    """An instance, with all members that EC2 has for one.

    What the answer lacks is None; a list is an empty tuple then, and ``tags`` an empty dict. Values
    that EC2 adds one day are kept as they are: ``state.name``, ``instance_lifecycle`` and the like
    are strings. Times have a time zone. ``raw`` is the XML of the whole item, in which members that
    EC2 adds one day are found.

    Most nested members are read from ``raw`` when the first of them is asked for, which saves
    nearly half of the time of going through many instances. One that is wrong raises a
    ``ResponseError`` then, each time, and from ``to_dict``. The id, the tags, the state and its
    reason, the placement and what is one text are read with the page.

    Not part of it are stop and termination protection, user data and the shutdown behavior:
    ``DescribeInstanceAttribute`` has those.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
    """

    instance_id: str = known("instanceId")
    tags: dict[str, str] = tags("tagSet")
    state: InstanceState | None = member("instanceState", REPORTED_STATE)
    state_reason: StateReason | None = nested(StateReason, "stateReason")
    state_transition_reason: str | None = text("reason")
    launch_time: datetime | None = time("launchTime")

    # What it is.
    instance_type: str | None = text("instanceType")
    instance_lifecycle: str | None = text("instanceLifecycle")
    image_id: str | None = text("imageId")
    architecture: str | None = text("architecture")
    platform: str | None = text("platform")
    platform_details: str | None = text("platformDetails")
    usage_operation: str | None = text("usageOperation")
    usage_operation_update_time: datetime | None = time("usageOperationUpdateTime")
    operator: Operator | None = nested(Operator, "operator", later=True)
    product_codes: tuple[ProductCode, ...] = items(ProductCode, "productCodes", later=True)
    licenses: tuple[LicenseConfiguration, ...] = items(
        LicenseConfiguration, "licenseSet", later=True
    )

    # Where it is.
    placement: Placement | None = nested(Placement, "placement")
    outpost_arn: str | None = text("outpostArn")
    capacity_reservation_id: str | None = text("capacityReservationId")
    capacity_reservation_specification: CapacityReservationSpecification | None = nested(
        CapacityReservationSpecification, "capacityReservationSpecification", later=True
    )
    capacity_block_id: str | None = text("capacityBlockId")
    spot_instance_request_id: str | None = text("spotInstanceRequestId")

    # Its network.
    vpc_id: str | None = text("vpcId")
    subnet_id: str | None = text("subnetId")
    private_ip_address: str | None = text("privateIpAddress")
    public_ip_address: str | None = text("ipAddress")
    ipv6_address: str | None = text("ipv6Address")
    private_dns_name: str | None = text("privateDnsName")
    public_dns_name: str | None = text("dnsName")
    private_dns_name_options: PrivateDnsNameOptions | None = nested(
        PrivateDnsNameOptions, "privateDnsNameOptions", later=True
    )
    security_groups: tuple[GroupIdentifier, ...] = items(GroupIdentifier, "groupSet", later=True)
    network_interfaces: tuple[InstanceNetworkInterface, ...] = items(
        InstanceNetworkInterface, "networkInterfaceSet", later=True
    )
    secondary_interfaces: tuple[InstanceSecondaryInterface, ...] = items(
        InstanceSecondaryInterface, "secondaryInterfaceSet", later=True
    )
    source_dest_check: bool | None = boolean("sourceDestCheck")
    network_performance_options: NetworkPerformanceOptions | None = nested(
        NetworkPerformanceOptions, "networkPerformanceOptions", later=True
    )
    ena_support: bool | None = boolean("enaSupport")
    sriov_net_support: str | None = text("sriovNetSupport")

    # Its disks.
    root_device_name: str | None = text("rootDeviceName")
    root_device_type: str | None = text("rootDeviceType")
    block_device_mappings: tuple[InstanceBlockDeviceMapping, ...] = items(
        InstanceBlockDeviceMapping, "blockDeviceMapping", later=True
    )
    ebs_optimized: bool | None = boolean("ebsOptimized")

    # Its machine.
    cpu_options: CpuOptions | None = nested(CpuOptions, "cpuOptions", later=True)
    hibernation_options: HibernationOptions | None = nested(
        HibernationOptions, "hibernationOptions", later=True
    )
    metadata_options: MetadataOptions | None = nested(
        MetadataOptions, "metadataOptions", later=True
    )
    enclave_options: EnclaveOptions | None = nested(EnclaveOptions, "enclaveOptions", later=True)
    maintenance_options: MaintenanceOptions | None = nested(
        MaintenanceOptions, "maintenanceOptions", later=True
    )
    monitoring: Monitoring | None = nested(Monitoring, "monitoring", later=True)
    boot_mode: str | None = text("bootMode")
    current_instance_boot_mode: str | None = text("currentInstanceBootMode")
    tpm_support: str | None = text("tpmSupport")
    hypervisor: str | None = text("hypervisor")
    virtualization_type: str | None = text("virtualizationType")
    elastic_gpu_associations: tuple[ElasticGpuAssociation, ...] = items(
        ElasticGpuAssociation, "elasticGpuAssociationSet", later=True
    )
    elastic_inference_accelerator_associations: tuple[
        ElasticInferenceAcceleratorAssociation, ...
    ] = items(
        ElasticInferenceAcceleratorAssociation,
        "elasticInferenceAcceleratorAssociationSet",
        later=True,
    )

    # How it was launched.
    key_name: str | None = text("keyName")
    iam_instance_profile: IamInstanceProfile | None = nested(
        IamInstanceProfile, "iamInstanceProfile", later=True
    )
    client_token: str | None = text("clientToken")
    ami_launch_index: int | None = integer("amiLaunchIndex")
    kernel_id: str | None = text("kernelId")
    ramdisk_id: str | None = text("ramdiskId")
    raw: bytes = source()

    @property
    def hibernated(self) -> bool | None:
        """Whether the instance was stopped by hibernating; None where it is not stopped.

        EC2 says only that hibernation was asked for. Where it failed, the instance was shut down
        without it, and this is True all the same.
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/hibernating-instances.html
        """
        if self.state is None or self.state.name != "stopped":
            return None
        reason = self.state_reason
        return reason is not None and reason.code == "Client.UserInitiatedHibernate"
