"""EC2's machines: they stand in the account, and nothing of them runs.

Source: CloudFormation Template Reference, "AWS::EC2::Instance" and the pages beside it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.property_tree import READ, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure
from lambdakit.harness.deployment.provisioners.ec2_tagged import SET_TAGS, TAGGING, UNTAGGED
from lambdakit.harness.deployment.provisioners.moto_backed import (
    Call,
    MotoBacked,
    call,
    is_gone,
    properties_of,
)
from lambdakit.harness.deployment.service_call import tag_map

_LOCK: Final = "{Value: p.DisableApiTermination}"

INSTANCE: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="AvailabilityZone BlockDeviceMappings DisableApiTermination EbsOptimized HibernationOptions"
        " IamInstanceProfile ImageId InstanceInitiatedShutdownBehavior InstanceType KernelId KeyName LaunchTemplate"
        " MetadataOptions Monitoring NetworkInterfaces PrivateIpAddress RamdiskId SecurityGroupIds SecurityGroups"
        " SourceDestCheck SubnetId Tags UserData",
        recorded="AdditionalInfo Affinity CpuOptions CreditSpecification ElasticGpuSpecifications"
        " ElasticInferenceAccelerators EnclaveOptions HostId HostResourceGroupArn Ipv6AddressCount Ipv6Addresses"
        " LicenseSpecifications PlacementGroupName PrivateDnsNameOptions PropagateTagsToVolumeOnCreation"
        " SsmAssociations Tenancy Volumes",
    ),
    made_by=Call(
        operation="run_instances",
        arguments={
            "MinCount": "`1`",
            "MaxCount": "`1`",
            "IamInstanceProfile": "p.IamInstanceProfile && {Name: p.IamInstanceProfile}",
            "Monitoring": "p.Monitoring && {Enabled: p.Monitoring}",
            # Where there is a subnet the zone is the subnet's, local zones too, which moto starts no machines in.
            "Placement": "!p.SubnetId && p.AvailabilityZone && {AvailabilityZone: p.AvailabilityZone}",
            "NetworkInterfaces": "p.NetworkInterfaces[].merge(@, {Groups: GroupSet || `[]`})",
        },
        renamed={**UNTAGGED, "Ipv6Addresses": "", "CpuOptions": "", "EnclaveOptions": "", "HibernationOptions": ""},
    ),
    reference="made.Instances[0].InstanceId",
    completed_by=(
        SET_TAGS,
        call(
            "modify_instance_attribute",
            when="p.SourceDestCheck != null",
            InstanceId="ref",
            SourceDestCheck="{Value: p.SourceDestCheck}",
        ),
    ),
    read_by=(call("describe_instances", InstanceIds="[ref]"),),
    changed_by=(
        call("modify_instance_attribute", InstanceId="ref", InstanceType="{Value: p.InstanceType}"),
        call("modify_instance_attribute", InstanceId="ref", DisableApiTermination=_LOCK),
        call("modify_instance_attribute", InstanceId="ref", SourceDestCheck="{Value: p.SourceDestCheck}"),
        call("modify_instance_attribute", InstanceId="ref", Groups="p.SecurityGroupIds"),
    ),
    tagged_by=TAGGING,
    deleted_by=(
        call("modify_instance_attribute", InstanceId="ref", DisableApiTermination="{Value: `false`}"),
        call("terminate_instances", InstanceIds="[ref]"),
    ),
    attributes={
        "InstanceId": "ref",
        "AvailabilityZone": "found.Reservations[0].Instances[0].Placement.AvailabilityZone",
        "PrivateDnsName": "found.Reservations[0].Instances[0].PrivateDnsName",
        "PrivateIp": "found.Reservations[0].Instances[0].PrivateIpAddress",
        "PublicDnsName": "found.Reservations[0].Instances[0].PublicDnsName || ''",
        "PublicIp": "found.Reservations[0].Instances[0].PublicIpAddress || ''",
        "State": "found.Reservations[0].Instances[0].State",
        "VpcId": "found.Reservations[0].Instances[0].VpcId",
    },
)

LAUNCH_TEMPLATE: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="LaunchTemplateData LaunchTemplateName TagSpecifications VersionDescription"),
    named=("LaunchTemplateName", 128),
    made_by=Call(operation="create_launch_template"),
    reference="made.LaunchTemplate.LaunchTemplateId",
    read_by=(call("describe_launch_templates", LaunchTemplateIds="[ref]"),),
    changed_by=(
        call(
            "create_launch_template_version",
            LaunchTemplateId="ref",
            LaunchTemplateData="p.LaunchTemplateData",
            VersionDescription="p.VersionDescription",
        ),
    ),
    deleted_by=(call("delete_launch_template", LaunchTemplateId="ref"),),
    attributes={
        "LaunchTemplateId": "ref",
        "DefaultVersionNumber": "to_string(found.LaunchTemplates[0].DefaultVersionNumber)",
        "LatestVersionNumber": "to_string(found.LaunchTemplates[0].LatestVersionNumber)",
    },
)

VOLUME: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="AvailabilityZone Encrypted Iops KmsKeyId Size SnapshotId Tags Throughput VolumeType",
        recorded="AutoEnableIO AvailabilityZoneId MultiAttachEnabled OutpostArn SourceVolumeId"
        " VolumeInitializationRate",
    ),
    made_by=Call(operation="create_volume", renamed=UNTAGGED),
    reference="made.VolumeId",
    completed_by=(SET_TAGS,),
    changed_by=(call("modify_volume", VolumeId="ref", Size="p.Size", VolumeType="p.VolumeType"),),
    tagged_by=TAGGING,
    deleted_by=(call("delete_volume", VolumeId="ref"),),
    attributes={"VolumeId": "ref"},
)

VOLUME_ATTACHMENT: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="Device InstanceId VolumeId", recorded="EbsCardIndex"),
    defaults={"Device": "/dev/sdf"},
    made_by=Call(operation="attach_volume"),
    reference="join('|', [p.VolumeId, p.InstanceId])",
    deleted_by=(call("detach_volume", VolumeId="p.VolumeId", InstanceId="p.InstanceId", Device="p.Device"),),
)

NETWORK_INTERFACE: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="Description GroupSet PrivateIpAddress PrivateIpAddresses SecondaryPrivateIpAddressCount SourceDestCheck"
        " SubnetId Tags",
        recorded="ConnectionTrackingSpecification EnablePrimaryIpv6 InterfaceType Ipv4PrefixCount Ipv4Prefixes"
        " Ipv6AddressCount Ipv6Addresses Ipv6PrefixCount Ipv6Prefixes PublicIpDnsHostnameTypeSpecification",
    ),
    made_by=Call(
        operation="create_network_interface",
        renamed={
            **UNTAGGED,
            "GroupSet": "Groups",
            "Ipv6Addresses": "",
            "Ipv4Prefixes": "",
            "Ipv6Prefixes": "",
        },
    ),
    reference="made.NetworkInterface.NetworkInterfaceId",
    completed_by=(SET_TAGS,),
    changed_by=(
        call("modify_network_interface_attribute", NetworkInterfaceId="ref", Groups="p.GroupSet"),
        call(
            "modify_network_interface_attribute",
            NetworkInterfaceId="ref",
            SourceDestCheck="{Value: p.SourceDestCheck}",
        ),
        call("modify_network_interface_attribute", NetworkInterfaceId="ref", Description="{Value: p.Description}"),
    ),
    tagged_by=TAGGING,
    deleted_by=(call("delete_network_interface", NetworkInterfaceId="ref"),),
    attributes={
        "Id": "ref",
        "PrimaryPrivateIpAddress": "made.NetworkInterface.PrivateIpAddress",
        "SecondaryPrivateIpAddresses": "made.NetworkInterface.PrivateIpAddresses[?!Primary].PrivateIpAddress",
        "VpcId": "made.NetworkInterface.VpcId",
    },
)


class KeyPair:
    """A key pair. `Ref` gives its name.

    The private key of one that is generated here is kept in a parameter.
    Source: CloudFormation Template Reference, "AWS::EC2::KeyPair" (`/ec2/keypair/` and the pair's id).
    """

    properties: ClassVar[PropertyTree] = {
        "KeyFormat": READ,
        "KeyName": READ,
        "KeyType": READ,
        "PublicKeyMaterial": READ,
        "Tags": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Imports the public key that is given, or generates a pair."""
        properties = resource.properties
        ec2, ssm = context.client("ec2", resource), context.client("ssm", resource)
        name = properties["KeyName"]
        material = properties.get("PublicKeyMaterial")
        if material:
            pair = ec2.import_key_pair(KeyName=name, PublicKeyMaterial=material.encode())
        else:
            pair = ec2.create_key_pair(KeyName=name, KeyType=properties.get("KeyType", "rsa"))
        identity = pair["KeyPairId"]
        with undone_on_failure(lambda: ec2.delete_key_pair(KeyName=name)):
            TAGGING.change(ec2, {"ref": identity}, {}, tag_map(properties.get("Tags")))
            if not material:
                ssm.put_parameter(
                    Name=f"/ec2/keypair/{identity}", Value=pair["KeyMaterial"], Type="SecureString", Overwrite=True
                )
        return Provisioned(
            physical_id=name, attributes={"KeyPairId": identity, "KeyFingerprint": pair["KeyFingerprint"]}
        )

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Nothing changes in place: every property takes another pair."""
        del resource, context
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the pair with its parameter."""
        ec2, ssm = context.client("ec2", created.resource), context.client("ssm", created.resource)
        removals: tuple[tuple[Any, dict[str, Any]], ...] = (
            (ec2.delete_key_pair, {"KeyName": created.provisioned.physical_id}),
            (ssm.delete_parameter, {"Name": f"/ec2/keypair/{created.provisioned.attributes['KeyPairId']}"}),
        )
        for remove, arguments in removals:
            try:
                remove(**arguments)
            except ClientError as error:
                if not is_gone(error):
                    raise

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""
