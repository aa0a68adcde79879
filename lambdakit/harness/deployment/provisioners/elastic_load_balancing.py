"""`AWS::ElasticLoadBalancing::LoadBalancer`: the classic load balancer, as the account shows it.

Source: CloudFormation Template Reference, "AWS::ElasticLoadBalancing::LoadBalancer".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioner import Context, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of

_HEALTH_CHECK: Final = call(
    "configure_health_check", when="p.HealthCheck", LoadBalancerName="name", HealthCheck="p.HealthCheck"
)
_ATTRIBUTES: Final = call(
    "modify_load_balancer_attributes",
    LoadBalancerName="name",
    LoadBalancerAttributes="{CrossZoneLoadBalancing: {Enabled: p.CrossZone}, AccessLog: p.AccessLoggingPolicy,"
    " ConnectionDraining: p.ConnectionDrainingPolicy, ConnectionSettings: p.ConnectionSettings}",
)


class _LoadBalancer(MotoBacked):
    """A classic load balancer."""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates it, and says that nothing listens for it."""
        context.note(resource.logical_id, "it is recorded: of load balancers only those of applications are served")
        return MotoBacked.create(self, resource, context)


LOAD_BALANCER: Final = _LoadBalancer(
    service="elb",
    properties=properties_of(
        read="AccessLoggingPolicy AvailabilityZones ConnectionDrainingPolicy ConnectionSettings CrossZone HealthCheck"
        " Instances Listeners LoadBalancerName Scheme SecurityGroups Subnets Tags",
        recorded="AppCookieStickinessPolicy LBCookieStickinessPolicy Policies",
    ),
    named=("LoadBalancerName", 32),
    # Elastic Load Balancing API Reference (2012-06-01), "CrossZoneLoadBalancing": off for one that an API call makes.
    defaults={"CrossZone": False},
    made_by=Call(operation="create_load_balancer"),
    reference="name",
    completed_by=(
        _HEALTH_CHECK,
        _ATTRIBUTES,
        call(
            "register_instances_with_load_balancer",
            when="p.Instances",
            LoadBalancerName="name",
            Instances="p.Instances[].{InstanceId: @}",
        ),
    ),
    changed_by=(
        _HEALTH_CHECK,
        _ATTRIBUTES,
        call(
            "register_instances_with_load_balancer",
            when="added.Instances",
            LoadBalancerName="name",
            Instances="added.Instances[].{InstanceId: @}",
        ),
        call(
            "deregister_instances_from_load_balancer",
            when="removed.Instances",
            LoadBalancerName="name",
            Instances="removed.Instances[].{InstanceId: @}",
        ),
        call(
            "apply_security_groups_to_load_balancer",
            when="p.SecurityGroups",
            LoadBalancerName="name",
            SecurityGroups="p.SecurityGroups",
        ),
        call(
            "detach_load_balancer_from_subnets",
            when="removed.Subnets",
            LoadBalancerName="name",
            Subnets="removed.Subnets",
        ),
        call("attach_load_balancer_to_subnets", when="added.Subnets", LoadBalancerName="name", Subnets="added.Subnets"),
        call(
            "delete_load_balancer_listeners",
            when="removed.Listeners",
            LoadBalancerName="name",
            LoadBalancerPorts="removed.Listeners[].LoadBalancerPort",
        ),
        call(
            "create_load_balancer_listeners",
            when="added.Listeners",
            LoadBalancerName="name",
            Listeners="added.Listeners",
        ),
    ),
    tagged_by=Tagging(tag="add_tags", untag="remove_tags", target="LoadBalancerNames", of="[name]"),
    deleted_by=(call("delete_load_balancer", LoadBalancerName="name"),),
    attributes={
        "DNSName": "made.DNSName",
        "CanonicalHostedZoneName": "made.DNSName",
        "CanonicalHostedZoneNameID": "'Z32O12XQLNTSW2'",
        "SourceSecurityGroup.GroupName": "'default_elb'",
        "SourceSecurityGroup.OwnerAlias": "'amazon-elb'",
    },
)
