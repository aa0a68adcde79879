"""`AWS::ElasticLoadBalancingV2`: load balancers, target groups, listeners and their rules.

They stand in the account; what serves their requests reads them there, and is told of here when they come and go.
Source: CloudFormation Template Reference, "AWS::ElasticLoadBalancingV2::LoadBalancer" and the pages beside it.
"""

from __future__ import annotations

from typing import Any, Final

from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of

_TAGGING: Final = Tagging(tag="add_tags", untag="remove_tags", target="ResourceArns", of="[ref]")
_NAME_LENGTH_MAX: Final = 32


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
