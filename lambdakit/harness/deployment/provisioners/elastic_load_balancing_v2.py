"""`AWS::ElasticLoadBalancingV2`: load balancers, target groups, listeners and their rules.

They stand in the account; what serves their requests reads them there, and is told of here when they come and go.
Source: CloudFormation Template Reference, "AWS::ElasticLoadBalancingV2::LoadBalancer" and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of, resets

_TAGGING: Final = Tagging(tag="add_tags", untag="remove_tags", target="ResourceArns", of="[ref]")
_NAME_LENGTH_MAX: Final = 32
# Source: Elastic Load Balancing API Reference, "LoadBalancerAttribute", "TargetGroupAttribute" and "ListenerAttribute".
_BALANCER_DEFAULTS: Final = {
    **{"access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": ""},
    "client_keep_alive.seconds": "3600",
    **{"connection_logs.s3.enabled": "false", "connection_logs.s3.bucket": "", "connection_logs.s3.prefix": ""},
    "deletion_protection.enabled": "false",
    "dns_record.client_routing_policy": "any_availability_zone",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "false",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
_GROUP_DEFAULTS: Final = {
    "deregistration_delay.timeout_seconds": "300",
    "lambda.multi_value_headers.enabled": "false",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "proxy_protocol_v2.enabled": "false",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
}
_LISTENER_DEFAULTS: Final = {"routing.http.response.server.enabled": "true", "tcp.idle_timeout.seconds": "350"}
# Source: the same, "CreateTargetGroup".
_HEALTH_DEFAULTS: Final = {"HealthCheckEnabled": True, "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2}
_HEALTH_OF_FUNCTIONS: Final = {
    **{"HealthCheckEnabled": False, "HealthCheckPath": "/"},
    **{"HealthCheckIntervalSeconds": 35, "HealthCheckTimeoutSeconds": 30},
}
_HEALTH_BY_PROTOCOL: Final[Mapping[str, Mapping[str, Any]]] = {
    "HTTP": {"HealthCheckPath": "/", "HealthCheckTimeoutSeconds": 5},
    "HTTPS": {"HealthCheckPath": "/", "HealthCheckTimeoutSeconds": 5},
    "GENEVE": {"HealthCheckIntervalSeconds": 10, "HealthCheckPort": "80", "HealthCheckTimeoutSeconds": 5},
}


class _LoadBalancer(MotoBacked):
    """A balancer, whose doors close with it."""

    def delete(self, created: Created, context: Context) -> None:
        """Deletes it and closes the doors of its ports."""
        MotoBacked.delete(self, created, context)
        if context.load_balancers is not None:
            context.load_balancers.forget(created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Whose turn it is begins anew."""
        if context.load_balancers is not None:
            context.load_balancers.reset(created.provisioned.physical_id)


class _TargetGroup(MotoBacked):
    """A target group, whose health checks follow what it says."""

    def _cleared(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
        health = _health_defaults(after)
        gone = {name: value for name, value in health.items() if name in before and name not in after}
        return {**gone, **MotoBacked._cleared(self, before, after)}

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what differs."""
        provisioned = MotoBacked.update(self, created, resource, context)
        if context.load_balancers is not None:
            context.load_balancers.check(provisioned.physical_id)
        return provisioned


class _Listener(MotoBacked):
    """A listener, which has a door if its balancer is an application load balancer."""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates it and opens its door."""
        _note_sign_in(resource, "DefaultActions", context)
        if resource.properties.get("Protocol") == "HTTPS":
            text = "it is served as plain HTTP on loopback; targets are told that clients came by HTTPS"
            context.note(resource.logical_id, text)
        if resource.properties.get("Protocol") not in (None, "HTTP", "HTTPS"):
            context.note(resource.logical_id, "it is recorded: of load balancers only those of applications are served")
        return _served(MotoBacked.create(self, resource, context), context)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what differs; another port is another door."""
        provisioned = MotoBacked.update(self, created, resource, context)
        if resource.properties.get("Port") != created.resource.properties.get("Port"):
            self._close(created, context)
        return _served(provisioned, context)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes it and closes its door."""
        MotoBacked.delete(self, created, context)
        self._close(created, context)

    def _close(self, created: Created, context: Context) -> None:
        if context.load_balancers is not None:
            balancer_arn = str(created.resource.properties.get("LoadBalancerArn"))
            context.load_balancers.end(created.provisioned.physical_id, balancer_arn)


class _ListenerRule(MotoBacked):
    """A rule of a listener."""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates it."""
        _note_sign_in(resource, "Actions", context)
        if resource.properties.get("Transforms"):
            context.note(
                resource.logical_id, "its transforms are recorded: paths and hosts stay as the client sent them"
            )
        provisioned = MotoBacked.create(self, resource, context)
        self._follow(resource, context)
        return provisioned

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what differs."""
        provisioned = MotoBacked.update(self, created, resource, context)
        self._follow(resource, context)
        return provisioned

    def _follow(self, resource: Resource, context: Context) -> None:
        if context.load_balancers is not None:
            context.load_balancers.follow(str(resource.properties.get("ListenerArn")))


def _health_defaults(properties: Mapping[str, Any]) -> dict[str, Any]:
    """How targets are checked that are said nothing of; `HealthCheckProtocol` is the group's, as moto has it."""
    if properties.get("TargetType") == "lambda":
        return {**_HEALTH_DEFAULTS, **_HEALTH_OF_FUNCTIONS, "Matcher": {"HttpCode": "200"}}
    protocol = str(properties.get("Protocol"))
    web = protocol in ("HTTP", "HTTPS")
    return {
        **_HEALTH_DEFAULTS,
        **{"HealthCheckIntervalSeconds": 30, "HealthCheckPort": "traffic-port", "HealthCheckTimeoutSeconds": 10},
        "HealthCheckProtocol": protocol if web else "TCP",
        **({"Matcher": {"HttpCode": "200"}} if web else {}),
        **_HEALTH_BY_PROTOCOL.get(protocol, {}),
    }


def _served(provisioned: Provisioned, context: Context) -> Provisioned:
    if context.load_balancers is not None:
        context.load_balancers.listen(provisioned.physical_id)
    return provisioned


def _note_sign_in(resource: Resource, member: str, context: Context) -> None:
    actions: list[dict[str, Any]] = resource.properties.get(member) or []
    for action in actions:
        if str(action.get("Type", "")).startswith("authenticate-"):
            context.note(
                resource.logical_id, f"{action['Type']}: nobody can sign in here; everybody is a stranger to it"
            )


LOAD_BALANCER: Final = _LoadBalancer(
    service="elbv2",
    properties=properties_of(
        read="IpAddressType LoadBalancerAttributes Name Scheme SecurityGroups SubnetMappings Subnets Tags Type",
        recorded="EnableCapacityReservationProvisionStabilize EnablePrefixForIpv6SourceNat"
        " EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic Ipv4IpamPoolId MinimumLoadBalancerCapacity",
    ),
    named=("Name", _NAME_LENGTH_MAX),
    cleared={"IpAddressType": "ipv4", "LoadBalancerAttributes": resets(_BALANCER_DEFAULTS)},
    made_by=Call(
        operation="create_load_balancer",
        renamed={"Ipv4IpamPoolId": "", "EnablePrefixForIpv6SourceNat": ""},
    ),
    reference="made.LoadBalancers[0].LoadBalancerArn",
    completed_by=(
        call(
            "modify_load_balancer_attributes",
            when="p.LoadBalancerAttributes",
            LoadBalancerArn="ref",
            Attributes="p.LoadBalancerAttributes",
        ),
    ),
    changed_by=(
        call(
            "modify_load_balancer_attributes",
            when="p.LoadBalancerAttributes",
            LoadBalancerArn="ref",
            Attributes="p.LoadBalancerAttributes",
        ),
        call("set_security_groups", when="p.SecurityGroups", LoadBalancerArn="ref", SecurityGroups="p.SecurityGroups"),
        call(
            "set_subnets",
            when="p.Subnets || p.SubnetMappings",
            LoadBalancerArn="ref",
            Subnets="p.Subnets",
            SubnetMappings="p.SubnetMappings",
        ),
        call("set_ip_address_type", when="p.IpAddressType", LoadBalancerArn="ref", IpAddressType="p.IpAddressType"),
    ),
    tagged_by=_TAGGING,
    deleted_by=(
        call(
            "modify_load_balancer_attributes",
            LoadBalancerArn="ref",
            Attributes="[{Key: 'deletion_protection.enabled', Value: 'false'}]",
        ),
        call("delete_load_balancer", LoadBalancerArn="ref"),
    ),
    attributes={
        "LoadBalancerArn": "ref",
        "LoadBalancerName": "made.LoadBalancers[0].LoadBalancerName",
        "LoadBalancerFullName": "after(made.LoadBalancers[0].LoadBalancerArn, ':loadbalancer/')",
        "CanonicalHostedZoneID": "made.LoadBalancers[0].CanonicalHostedZoneId",
        "DNSName": "made.LoadBalancers[0].DNSName",
        "SecurityGroups": "p.SecurityGroups || made.LoadBalancers[0].SecurityGroups || `[]`",
    },
)

_HEALTH: Final = (
    "HealthCheckEnabled HealthCheckIntervalSeconds HealthCheckPath HealthCheckPort HealthCheckProtocol"
    " HealthCheckTimeoutSeconds HealthyThresholdCount Matcher UnhealthyThresholdCount"
)

TARGET_GROUP: Final = _TargetGroup(
    service="elbv2",
    properties=properties_of(
        read=f"{_HEALTH} IpAddressType Name Port Protocol ProtocolVersion Tags TargetGroupAttributes TargetType Targets"
        " VpcId",
        recorded="TargetControlPort",
    ),
    named=("Name", _NAME_LENGTH_MAX),
    cleared={"TargetGroupAttributes": resets(_GROUP_DEFAULTS)},
    made_by=Call(operation="create_target_group"),
    reference="made.TargetGroups[0].TargetGroupArn",
    completed_by=(
        call(
            "modify_target_group_attributes",
            when="p.TargetGroupAttributes",
            TargetGroupArn="ref",
            Attributes="p.TargetGroupAttributes",
        ),
        call("register_targets", when="p.Targets", TargetGroupArn="ref", Targets="p.Targets"),
    ),
    read_by=(call("describe_target_groups", TargetGroupArns="[ref]"),),
    changed_by=(
        Call(operation="modify_target_group", arguments={"TargetGroupArn": "ref"}),
        call(
            "modify_target_group_attributes",
            when="p.TargetGroupAttributes",
            TargetGroupArn="ref",
            Attributes="p.TargetGroupAttributes",
        ),
        call("deregister_targets", when="removed.Targets", TargetGroupArn="ref", Targets="removed.Targets"),
        call("register_targets", when="added.Targets", TargetGroupArn="ref", Targets="added.Targets"),
    ),
    tagged_by=_TAGGING,
    deleted_by=(call("delete_target_group", TargetGroupArn="ref"),),
    attributes={
        "TargetGroupArn": "ref",
        "TargetGroupName": "made.TargetGroups[0].TargetGroupName",
        # Elastic Load Balancing's metrics go by this name: `targetgroup/name/id`.
        "TargetGroupFullName": "join('/', ['targetgroup', after(ref, ':targetgroup/')])",
        "LoadBalancerArns": "found.TargetGroups[0].LoadBalancerArns || `[]`",
    },
    live=frozenset({"LoadBalancerArns"}),
)

LISTENER: Final = _Listener(
    service="elbv2",
    properties=properties_of(
        read="AlpnPolicy Certificates DefaultActions ListenerAttributes LoadBalancerArn Port Protocol SslPolicy Tags",
        recorded="MutualAuthentication",
    ),
    cleared={"ListenerAttributes": resets(_LISTENER_DEFAULTS)},
    made_by=Call(operation="create_listener", renamed={"MutualAuthentication": ""}),
    reference="made.Listeners[0].ListenerArn",
    completed_by=(
        call(
            "modify_listener_attributes",
            when="p.ListenerAttributes",
            ListenerArn="ref",
            Attributes="p.ListenerAttributes",
        ),
    ),
    changed_by=(
        Call(operation="modify_listener", arguments={"ListenerArn": "ref"}, renamed={"MutualAuthentication": ""}),
        call(
            "modify_listener_attributes",
            when="p.ListenerAttributes",
            ListenerArn="ref",
            Attributes="p.ListenerAttributes",
        ),
    ),
    tagged_by=_TAGGING,
    deleted_by=(call("delete_listener", ListenerArn="ref"),),
    attributes={"ListenerArn": "ref"},
)

LISTENER_CERTIFICATE: Final = MotoBacked(
    service="elbv2",
    properties=properties_of(read="Certificates ListenerArn"),
    made_by=Call(operation="add_listener_certificates"),
    reference="join('|', [p.ListenerArn, p.Certificates[0].CertificateArn])",
    changed_by=(
        call(
            "remove_listener_certificates",
            when="removed.Certificates",
            ListenerArn="p.ListenerArn",
            Certificates="removed.Certificates",
        ),
        call(
            "add_listener_certificates",
            when="added.Certificates",
            ListenerArn="p.ListenerArn",
            Certificates="added.Certificates",
        ),
    ),
    deleted_by=(Call(operation="remove_listener_certificates"),),
    attributes={"Id": "join('|', [p.ListenerArn, p.Certificates[0].CertificateArn])"},
)

LISTENER_RULE: Final = _ListenerRule(
    service="elbv2",
    properties=properties_of(read="Actions Conditions ListenerArn Priority Tags", recorded="Transforms"),
    made_by=Call(operation="create_rule", renamed={"Transforms": ""}),
    reference="made.Rules[0].RuleArn",
    changed_by=(
        Call(operation="modify_rule", arguments={"RuleArn": "ref"}, renamed={"Transforms": ""}),
        call("set_rule_priorities", RulePriorities="[{RuleArn: ref, Priority: p.Priority}]"),
    ),
    tagged_by=_TAGGING,
    deleted_by=(call("delete_rule", RuleArn="ref"),),
    attributes={"RuleArn": "ref", "IsDefault": "`false`"},
)
