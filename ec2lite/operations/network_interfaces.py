"""The network interfaces of an instance.

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
    nested,
    shape,
    text,
    time,
)
from ec2lite.operations.instance_parts import GroupIdentifier, Operator


@shape
class InstanceNetworkInterfaceAssociation(Shape):
    """The public address of a network interface or of one of its private addresses."""

    carrier_ip: str | None = text("carrierIp")
    customer_owned_ip: str | None = text("customerOwnedIp")
    ip_owner_id: str | None = text("ipOwnerId")
    public_dns_name: str | None = text("publicDnsName")
    public_ip: str | None = text("publicIp")


@shape
class EnaSrdUdp(Shape):
    """Whether ENA Express carries UDP too."""

    ena_srd_udp_enabled: bool | None = boolean("enaSrdUdpEnabled")


@shape
class EnaSrd(Shape):
    """ENA Express, for a network interface that is attached."""

    ena_srd_enabled: bool | None = boolean("enaSrdEnabled")
    ena_srd_udp_specification: EnaSrdUdp | None = nested(EnaSrdUdp, "enaSrdUdpSpecification")


@shape
class InstanceNetworkInterfaceAttachment(Shape):
    """How a network interface is attached to an instance."""

    attach_time: datetime | None = time("attachTime")
    attachment_id: str | None = text("attachmentId")
    delete_on_termination: bool | None = boolean("deleteOnTermination")
    device_index: int | None = integer("deviceIndex")
    status: str | None = text("status")
    network_card_index: int | None = integer("networkCardIndex")
    ena_srd_specification: EnaSrd | None = nested(EnaSrd, "enaSrdSpecification")
    ena_queue_count: int | None = integer("enaQueueCount")


@shape
class InstanceIpv6Address(Shape):
    """An IPv6 address of a network interface."""

    ipv6_address: str | None = text("ipv6Address")
    is_primary_ipv6: bool | None = boolean("isPrimaryIpv6")


@shape
class InstancePrivateIpAddress(Shape):
    """A private IPv4 address of a network interface."""

    association: InstanceNetworkInterfaceAssociation | None = nested(
        InstanceNetworkInterfaceAssociation, "association"
    )
    primary: bool | None = boolean("primary")
    private_dns_name: str | None = text("privateDnsName")
    private_ip_address: str | None = text("privateIpAddress")


@shape
class InstanceIpv4Prefix(Shape):
    """An IPv4 prefix that is assigned to a network interface."""

    ipv4_prefix: str | None = text("ipv4Prefix")


@shape
class InstanceIpv6Prefix(Shape):
    """An IPv6 prefix that is assigned to a network interface."""

    ipv6_prefix: str | None = text("ipv6Prefix")


@shape
class ConnectionTracking(Shape):
    """When a security group forgets an idle connection, in seconds."""

    tcp_established_timeout: int | None = integer("tcpEstablishedTimeout")
    udp_stream_timeout: int | None = integer("udpStreamTimeout")
    udp_timeout: int | None = integer("udpTimeout")


@shape
class InstanceNetworkInterface(Shape):
    """A network interface of an instance."""

    association: InstanceNetworkInterfaceAssociation | None = nested(
        InstanceNetworkInterfaceAssociation, "association"
    )
    attachment: InstanceNetworkInterfaceAttachment | None = nested(
        InstanceNetworkInterfaceAttachment, "attachment"
    )
    description: str | None = text("description")
    groups: tuple[GroupIdentifier, ...] = items(GroupIdentifier, "groupSet")
    ipv6_addresses: tuple[InstanceIpv6Address, ...] = items(InstanceIpv6Address, "ipv6AddressesSet")
    mac_address: str | None = text("macAddress")
    network_interface_id: str | None = text("networkInterfaceId")
    owner_id: str | None = text("ownerId")
    private_dns_name: str | None = text("privateDnsName")
    private_ip_address: str | None = text("privateIpAddress")
    private_ip_addresses: tuple[InstancePrivateIpAddress, ...] = items(
        InstancePrivateIpAddress, "privateIpAddressesSet"
    )
    source_dest_check: bool | None = boolean("sourceDestCheck")
    status: str | None = text("status")
    subnet_id: str | None = text("subnetId")
    vpc_id: str | None = text("vpcId")
    interface_type: str | None = text("interfaceType")
    ipv4_prefixes: tuple[InstanceIpv4Prefix, ...] = items(InstanceIpv4Prefix, "ipv4PrefixSet")
    ipv6_prefixes: tuple[InstanceIpv6Prefix, ...] = items(InstanceIpv6Prefix, "ipv6PrefixSet")
    connection_tracking_configuration: ConnectionTracking | None = nested(
        ConnectionTracking, "connectionTrackingConfiguration"
    )
    operator: Operator | None = nested(Operator, "operator")


@shape
class InstanceSecondaryInterfaceAttachment(Shape):
    """How a secondary interface is attached to an instance."""

    attach_time: datetime | None = time("attachTime")
    attachment_id: str | None = text("attachmentId")
    delete_on_termination: bool | None = boolean("deleteOnTermination")
    device_index: int | None = integer("deviceIndex")
    status: str | None = text("status")
    network_card_index: int | None = integer("networkCardIndex")


@shape
class InstanceSecondaryInterfacePrivateIpAddress(Shape):
    """A private IPv4 address of a secondary interface."""

    private_ip_address: str | None = text("privateIpAddress")


@shape
class InstanceSecondaryInterface(Shape):
    """An interface of an instance in a secondary network."""

    attachment: InstanceSecondaryInterfaceAttachment | None = nested(
        InstanceSecondaryInterfaceAttachment, "attachment"
    )
    mac_address: str | None = text("macAddress")
    secondary_interface_id: str | None = text("secondaryInterfaceId")
    owner_id: str | None = text("ownerId")
    private_ip_addresses: tuple[InstanceSecondaryInterfacePrivateIpAddress, ...] = items(
        InstanceSecondaryInterfacePrivateIpAddress, "privateIpAddressSet"
    )
    source_dest_check: bool | None = boolean("sourceDestCheck")
    status: str | None = text("status")
    secondary_subnet_id: str | None = text("secondarySubnetId")
    secondary_network_id: str | None = text("secondaryNetworkId")
    interface_type: str | None = text("interfaceType")
