"""The application load balancer in front of functions: a listener, a rule and a target group for each route."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Aws, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.custom_domain import certificate_problems
from lambdakit.constructs.encrypted_bucket import make_bucket
from lambdakit.constructs.network import Network
from lambdakit.constructs.routes import RouteKey, route_pointer
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_certificatemanager as acm
    from constructs import Construct

# Source: Elastic Load Balancing, "Security policies for your Application Load Balancer": TLS 1.2 and 1.3
_TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-2021-06"
# Source: Elastic Load Balancing, "Access logs for your Application Load Balancer", bucket policy
_LOG_DELIVERY: Final = "logdelivery.elasticloadbalancing.amazonaws.com"
# Source: Elastic Load Balancing, "Quotas for your Application Load Balancers": rules of a listener, values of a rule
_ROUTES_MAX: Final = 100
_WILDCARDS_MAX: Final = 5
_NOT_FOUND: Final = json.dumps({"message": "Not Found"})
# Source: Elastic Load Balancing, "Condition types for listener rules", path conditions
_PATTERN = re.compile(r"[A-Za-z0-9_.$/~\"'@:+&*-]{1,128}")
_VARIABLE = re.compile(r"\{[^{}]+\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerSettings:
    """What a load balancer has.

    network: in whose VPC it stands.
    certificate: of AWS Certificate Manager, or its ARN: the listener then takes HTTPS on port 443; absent, it takes
        HTTP on port 80, which an internal balancer may.
    internet_facing: everybody may call it, in public subnets, which a network has that has NAT gateways; absent, no:
        callers are in the VPC.
    access_log: requests are recorded in a bucket of their own, which is kept; absent, on.
    deletion_protection: absent, off.
    """

    network: Network | ec2.IVpc
    certificate: acm.ICertificate | str | None = None
    internet_facing: bool = False
    access_log: bool = True
    deletion_protection: bool = False

    @property
    def vpc(self) -> ec2.IVpc:
        """The VPC that it stands in."""
        return self.network.vpc if isinstance(self.network, Network) else self.network


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerDoor:
    """See `ApiDoor`. scope: below which rules and groups stand. priorities: by route key.

    listener: made here, whose default action the default route takes; None for one made elsewhere, where that route is
    the last rule. hosts: whose requests the rules take alone; none, those of all.
    """

    api: elbv2.IApplicationLoadBalancer | elbv2.IApplicationListener | str
    url: str
    domain_target: str | None
    scope: Construct
    listener_arn: str
    listener: elbv2.CfnListener | None
    priorities: Mapping[str, int]
    hosts: Sequence[str] = ()

    def add_route(self, key: str, handler: lambda_.IFunction, *, public: bool) -> None:
        """See `ApiDoor`; a load balancer has no authorizers, so that every route is public."""
        route = RouteKey.parse(key)
        group = self._target_group(handler)
        forward = elbv2.CfnListenerRule.ActionProperty(type="forward", target_group_arn=group)
        if route.path is None and self.listener is not None:
            self.listener.default_actions = [elbv2.CfnListener.ActionProperty(type="forward", target_group_arn=group)]
            return
        conditions = [_condition("path-pattern", path="*" if route.path is None else _pattern(route.path))]
        if route.method not in (None, "ANY"):
            conditions.append(_condition("http-request-method", method=route.method))
        if self.hosts:
            rule = elbv2.CfnListenerRule
            hosts = rule.HostHeaderConfigProperty(values=list(self.hosts))
            conditions.append(rule.RuleConditionProperty(field="host-header", host_header_config=hosts))
        elbv2.CfnListenerRule(
            self.scope,
            f"Rule{key.replace(' ', '').replace('/', '--')}",
            listener_arn=self.listener_arn,
            priority=self.priorities[key],
            conditions=conditions,
            actions=[forward],
        )

    def _target_group(self, handler: lambda_.IFunction) -> str:
        """The ARN of the function's group, made with the first of its routes."""
        id = f"Targets{handler.node.addr}"
        known = self.scope.node.try_find_child(id)
        if isinstance(known, elbv2.CfnTargetGroup):
            return known.ref
        stack = Stack.of(self.scope)
        # The group registers the function while it is made, so that its own ARN cannot be in the permission.
        permission = lambda_.CfnPermission(
            self.scope,
            f"Permission{handler.node.addr}",
            action="lambda:InvokeFunction",
            function_name=handler.function_arn,
            principal="elasticloadbalancing.amazonaws.com",
            source_account=Aws.ACCOUNT_ID,
            source_arn=stack.format_arn(service="elasticloadbalancing", resource="targetgroup", resource_name="*"),
        )
        group = elbv2.CfnTargetGroup(
            self.scope,
            id,
            target_type="lambda",
            targets=[elbv2.CfnTargetGroup.TargetDescriptionProperty(id=handler.function_arn)],
        )
        group.add_resource_dependency(permission)
        return group.ref


def make_load_balancer(scope: Construct, id: str, settings: LoadBalancerSettings) -> elbv2.ApplicationLoadBalancer:
    """The balancer, without listeners, which drops headers that are none and takes no ambiguous requests."""
    vpc = settings.vpc
    subnets = (
        None if settings.internet_facing or not isinstance(settings.network, Network) else settings.network.subnets
    )
    balancer = elbv2.ApplicationLoadBalancer(
        scope,
        id,
        vpc=vpc,
        vpc_subnets=subnets,
        internet_facing=settings.internet_facing,
        drop_invalid_header_fields=True,
        desync_mitigation_mode=elbv2.DesyncMitigationMode.STRICTEST,
        deletion_protection=settings.deletion_protection,
    )
    if settings.access_log:
        _keep_access_log(scope, balancer)
    return balancer


def load_balancer_door(
    balancer: elbv2.ApplicationLoadBalancer, settings: LoadBalancerSettings, keys: Sequence[str]
) -> LoadBalancerDoor:
    """The door of `balancer`: its listener, which answers 404 to what no route takes. keys: of all routes."""
    secure = settings.certificate is not None
    port = 443 if secure else 80
    callers = ec2.Peer.any_ipv4() if settings.internet_facing else ec2.Peer.ipv4(settings.vpc.vpc_cidr_block)
    balancer.connections.allow_from(callers, ec2.Port.tcp(port), "Callers")
    if not settings.internet_facing:
        acknowledge(
            balancer,
            {"AwsSolutions-EC23": "Callers come from the VPC's own block, a reference to which the rule fails."},
        )
    listener = make_listener(balancer, balancer.load_balancer_arn, port=port, certificate=settings.certificate)
    return LoadBalancerDoor(
        api=balancer,
        url=f"{'https' if secure else 'http'}://{balancer.load_balancer_dns_name}",
        domain_target=balancer.load_balancer_dns_name if secure else None,
        scope=listener,
        listener_arn=listener.ref,
        listener=listener,
        priorities=rule_priorities(keys),
    )


def make_listener(
    scope: Construct, load_balancer_arn: str, *, port: int, certificate: acm.ICertificate | str | None
) -> elbv2.CfnListener:
    """The child `Listener` of `scope`, which answers 404 to what no rule takes. certificate: absent, plain HTTP."""
    secure = certificate is not None
    arn = certificate if certificate is None or isinstance(certificate, str) else certificate.certificate_arn
    return elbv2.CfnListener(
        scope,
        "Listener",
        load_balancer_arn=load_balancer_arn,
        port=port,
        protocol="HTTPS" if secure else "HTTP",
        ssl_policy=_TLS_POLICY if secure else None,
        certificates=None if arn is None else [elbv2.CfnListener.CertificateProperty(certificate_arn=arn)],
        default_actions=[
            elbv2.CfnListener.ActionProperty(
                type="fixed-response",
                fixed_response_config=elbv2.CfnListener.FixedResponseConfigProperty(
                    status_code="404", content_type="application/json", message_body=_NOT_FOUND
                ),
            )
        ],
    )


def rule_priorities(keys: Sequence[str], *, first: int = 1, takes_the_rest: bool = False) -> Mapping[str, int]:
    """The priority of each route's rule. takes_the_rest: the default route has one, too, the last.

    Rules are asked in order, so the exact come first: text alone, then longer paths before shorter ones.

    A variable's `*` also takes slashes, so that a shorter path would take the requests of a longer one.
    """

    def order(key: str) -> tuple[object, ...]:
        route = RouteKey.parse(key)
        segments = (route.path or "").strip("/").split("/")
        kinds = [2 if each.endswith("+}") else 1 if each.startswith("{") else 0 for each in segments]
        return any(kinds), -len(segments), 2 in kinds, kinds, route.method == "ANY", key

    rules = [key for key in keys if RouteKey.parse(key).path is not None]
    rest = [key for key in keys if takes_the_rest and key not in rules]
    return {key: place for place, key in enumerate([*sorted(rules, key=order), *rest], start=first)}


def load_balancer_problems(pointer: str, settings: LoadBalancerSettings) -> Iterator[Diagnostic]:
    """What Elastic Load Balancing would refuse of `settings`, and what nobody should do."""
    if settings.certificate is not None:
        yield from certificate_problems(f"{pointer}.certificate", settings.certificate)
    elif settings.internet_facing:
        yield Diagnostic(
            pointer=f"{pointer}.certificate",
            problem="a balancer that everybody may call has no certificate, so that all would be sent in plain text",
            code="LK417",
            hint="certificate: arn:aws:acm:…, or leave internet_facing out",
        )


def load_balancer_route_problems(keys: Sequence[str]) -> Iterator[Diagnostic]:
    """Routes that rules cannot tell apart, and what a rule cannot hold; keys that are none are not looked at.

    Source: Elastic Load Balancing, "Condition types for listener rules": `*` stands for any characters, slashes too.
    """
    seen: dict[tuple[str, str], str] = {}
    rules = [key for key in keys if key != "$default"]
    if len(rules) > _ROUTES_MAX:
        yield Diagnostic(
            pointer="routes",
            problem=f"{len(rules)} routes are above {_ROUTES_MAX}, the rules that a listener may have",
            code="LK417",
            hint="let one function answer several paths through a route with {proxy+}",
        )
    for text in rules:
        try:
            key = RouteKey.parse(text)
        except ValueError:
            continue
        assert key.path is not None and key.method is not None
        pattern = _pattern(key.path)
        if pattern.count("*") + (key.method != "ANY") > _WILDCARDS_MAX:
            yield Diagnostic(
                pointer=route_pointer(text),
                problem=f"has {pattern.count('*')} variables; with its method, a rule may have {_WILDCARDS_MAX}",
                code="LK417",
                hint="end the path with {proxy+} earlier",
            )
        if _PATTERN.fullmatch(pattern) is None:
            yield Diagnostic(
                pointer=route_pointer(text),
                problem=f"{pattern} is no path of a rule: at most 128 letters, digits and _ . $ / ~ ' @ : + & -",
                code="LK417",
                hint="put a variable in the place of what it may not hold",
            )
        first = seen.setdefault((key.method, pattern), text)
        if first != text:
            yield Diagnostic(
                pointer=route_pointer(text),
                problem=f"gives the rule {key.method} {pattern}, as {first} does: the function would never be called",
                code="LK417",
                hint="keep one of the two",
            )


def _pattern(path: str) -> str:
    return _VARIABLE.sub("*", path)


def _condition(
    field: str, *, path: str | None = None, method: str | None = None
) -> elbv2.CfnListenerRule.RuleConditionProperty:
    rule = elbv2.CfnListenerRule
    if path is not None:
        return rule.RuleConditionProperty(
            field=field, path_pattern_config=rule.PathPatternConfigProperty(values=[path])
        )
    return rule.RuleConditionProperty(
        field=field, http_request_method_config=rule.HttpRequestMethodConfigProperty(values=[method or ""])
    )


def _keep_access_log(scope: Construct, balancer: elbv2.ApplicationLoadBalancer) -> None:
    bucket: s3.Bucket = make_bucket(scope, "AccessLogBucket")
    acknowledge(
        bucket, {"AwsSolutions-S1": "The bucket holds a log of requests; a log of its own readers would be one more."}
    )
    stack = Stack.of(scope)
    balancers = stack.format_arn(service="elasticloadbalancing", resource="loadbalancer", resource_name="*")
    written = bucket.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(_LOG_DELIVERY)],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects(f"AWSLogs/{Aws.ACCOUNT_ID}/*")],
            conditions={"ArnLike": {"aws:SourceArn": balancers}},
        )
    )
    balancer.set_attribute("access_logs.s3.enabled", "true")
    balancer.set_attribute("access_logs.s3.bucket", bucket.bucket_name)
    # Elastic Load Balancing writes a test object while it turns the log on.
    template = balancer.node.default_child
    if written.policy_dependable is not None and template is not None:
        template.node.add_dependency(written.policy_dependable)
