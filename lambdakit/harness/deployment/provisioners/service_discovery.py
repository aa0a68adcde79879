"""`AWS::ServiceDiscovery` (Cloud Map): namespaces, services and instances, as the account shows them.

Source: CloudFormation Template Reference, "AWS::ServiceDiscovery::Service" and the pages beside it.
"""

from __future__ import annotations

from typing import Any, Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of

_TAGGING: Final = Tagging(tag="tag_resource", untag="untag_resource", target="ResourceARN", of="att.Arn")


def _namespace(kind: str, properties: str, attributes: dict[str, str]) -> MotoBacked:
    """A namespace: the service answers with an operation, which knows its id."""
    changed: dict[str, Any] = {"Id": "ref", "Namespace": "{Description: p.Description || ''}"}
    return MotoBacked(
        service="servicediscovery",
        properties=properties_of(read=properties),
        made_by=Call(operation=f"create_{kind}_namespace"),
        reference="found.Operation.Targets.NAMESPACE",
        read_by=(
            call("get_operation", when="made.OperationId", OperationId="made.OperationId"),
            call("get_namespace", when="ref", Id="ref"),
        ),
        changed_by=(call(f"update_{kind}_namespace", **changed),),
        tagged_by=_TAGGING,
        deleted_by=(call("delete_namespace", Id="ref"),),
        attributes={"Id": "ref", "Arn": "found.Namespace.Arn", **attributes},
    )


_ZONE: Final = {"HostedZoneId": "after(found.Namespace.Properties.DnsProperties.HostedZoneId, '/hostedzone/')"}

HTTP_NAMESPACE: Final = _namespace("http", "Description Name Tags", {})
PRIVATE_DNS_NAMESPACE: Final = _namespace("private_dns", "Description Name Properties Tags Vpc", _ZONE)
PUBLIC_DNS_NAMESPACE: Final = _namespace("public_dns", "Description Name Properties Tags", _ZONE)

SERVICE: Final = MotoBacked(
    service="servicediscovery",
    properties=properties_of(
        read="Description DnsConfig HealthCheckConfig HealthCheckCustomConfig Name NamespaceId Tags Type",
        recorded="ServiceAttributes",
    ),
    named=("Name", 64),
    made_by=Call(operation="create_service"),
    reference="made.Service.Id",
    changed_by=(
        call(
            "update_service",
            Id="ref",
            Service="{Description: p.Description, DnsConfig: p.DnsConfig, HealthCheckConfig: p.HealthCheckConfig}",
        ),
    ),
    tagged_by=_TAGGING,
    deleted_by=(call("delete_service", Id="ref"),),
    attributes={"Id": "ref", "Arn": "made.Service.Arn", "Name": "name"},
)

INSTANCE: Final = MotoBacked(
    service="servicediscovery",
    properties=properties_of(read="InstanceAttributes InstanceId ServiceId"),
    named=("InstanceId", 64),
    made_by=Call(operation="register_instance", renamed={"InstanceAttributes": "Attributes"}),
    reference="name",
    changed_by=(Call(operation="register_instance", renamed={"InstanceAttributes": "Attributes"}),),
    deleted_by=(call("deregister_instance", ServiceId="p.ServiceId", InstanceId="name"),),
)
