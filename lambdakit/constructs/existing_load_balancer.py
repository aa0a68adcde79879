"""A load balancer, or a listener of one, that is there already, in front of a backend's functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from lambdakit.constructs.custom_domain import certificate_problems
from lambdakit.constructs.load_balancer_api import LoadBalancerDoor, make_listener, rule_priorities
from lambdakit.constructs.ranges import range_problems
from lambdakit.constructs.unresolved import is_unresolved
from lambdakit.errors import Diagnostic
from lambdakit.records import dataclass

if TYPE_CHECKING:
    from aws_cdk import aws_certificatemanager as acm
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2

# Source: API elasticloadbalancingv2 CreateRule.Priority
_PRIORITIES: Final = (1, 50_000)
# Source: API elasticloadbalancingv2 CreateListener.Port
_PORTS: Final = (1, 65_535)
# Source: Elastic Load Balancing, "Quotas for your Application Load Balancers": 5 values of a rule's conditions, of
# which the path and the method are two
_HOSTS_MAX: Final = 3
# Source: Elastic Load Balancing, "Condition types for listener rules", host conditions
_HOST = re.compile(r"(?=.{1,128}$)[A-Za-z0-9*?]([A-Za-z0-9*?.-]*[A-Za-z0-9*?])?")
_URL = re.compile(r"https?://[^\s/]+[^\s]*(?<!/)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingLoadBalancer:
    """A balancer that is there already, which gets a listener for the routes.

    load_balancer: the CDK's object, or the ARN.
    url: of the listener, without a slash at the end; absent, the balancer's own name, which is known only of the
        CDK's object, and of an imported one only if it was told.
    certificate: of AWS Certificate Manager, or its ARN: the listener then takes HTTPS; absent, plain HTTP.
    port: which no other listener of the balancer has; absent, 443 or 80.
    callers: whom the balancer's security groups, which are known only of the CDK's object, let in at the port; absent,
        whom they let in already.
    """

    load_balancer: elbv2.IApplicationLoadBalancer | str
    url: str | None = None
    certificate: acm.ICertificate | str | None = None
    port: int | None = None
    callers: ec2.IPeer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingListener:
    """A listener that is there already, to which a rule is added for each route; all else of it stays as it is.

    listener: the CDK's object, or the ARN.
    url: where callers reach it, without a slash at the end.
    first_priority: of the rules, which take as many numbers as there are routes, 1 to 50000; no other rule of the
        listener may have them. Lower ones are asked first; absent, 1.
    hosts: whose requests the rules take, at most 3, `*` and `?` for any characters; absent, those of all.
    """

    listener: elbv2.IApplicationListener | str
    url: str
    first_priority: int = 1
    hosts: Sequence[str] = ()


def existing_load_balancer_door(
    scope: Construct, id: str, settings: ExistingLoadBalancer, keys: Sequence[str]
) -> LoadBalancerDoor:
    """The door of a new listener, the child `Listener` of the child `id` of `scope`. keys: of all routes."""
    secure = settings.certificate is not None
    port = _port(settings)
    balancer = settings.load_balancer
    arn = balancer if isinstance(balancer, str) else balancer.load_balancer_arn
    if settings.callers is not None and not isinstance(balancer, str):
        balancer.connections.allow_from(settings.callers, ec2.Port.tcp(port), "Callers")
    listener = make_listener(Construct(scope, id), arn, port=port, certificate=settings.certificate)
    usual = 443 if secure else 80
    url = settings.url
    if url is None:
        # Of an ARN it was asked for.
        assert not isinstance(balancer, str)
        host = balancer.load_balancer_dns_name
        url = f"{'https' if secure else 'http'}://{host}{'' if port == usual else f':{port}'}"
    return LoadBalancerDoor(
        api=balancer,
        url=url,
        domain_target=None,
        scope=listener,
        listener_arn=listener.ref,
        listener=listener,
        priorities=rule_priorities(keys),
    )


def existing_listener_door(
    scope: Construct, id: str, settings: ExistingListener, keys: Sequence[str]
) -> LoadBalancerDoor:
    """The door of the listener, whose rules stand below the child `Listener` of the child `id` of `scope`."""
    return LoadBalancerDoor(
        api=settings.listener,
        url=settings.url,
        domain_target=None,
        scope=Construct(Construct(scope, id), "Listener"),
        listener_arn=settings.listener if isinstance(settings.listener, str) else settings.listener.listener_arn,
        listener=None,
        priorities=rule_priorities(keys, first=settings.first_priority, takes_the_rest=True),
        hosts=settings.hosts,
    )


def existing_load_balancer_problems(pointer: str, settings: ExistingLoadBalancer) -> Iterator[Diagnostic]:
    """What Elastic Load Balancing would refuse of `settings`, and what an ARN does not tell."""
    if isinstance(settings.load_balancer, str):
        yield from _arn_problems(f"{pointer}.load_balancer", settings.load_balancer, "loadbalancer")
        if settings.url is None:
            yield Diagnostic(
                pointer=f"{pointer}.url",
                problem="an ARN does not tell where callers reach the balancer",
                code="LK405",
                hint="url: https://shop.example.com",
            )
        if settings.callers is not None:
            yield Diagnostic(
                pointer=f"{pointer}.callers",
                problem="an ARN does not tell which security groups would let them in",
                code="LK405",
                hint="import the balancer with its security group, or leave callers out",
            )
    if settings.certificate is not None:
        yield from certificate_problems(f"{pointer}.certificate", settings.certificate)
    if settings.port is not None:
        yield from range_problems(f"{pointer}.port", settings.port, *_PORTS)
    if settings.url is not None:
        yield from _url_problems(f"{pointer}.url", settings.url)


def existing_listener_problems(pointer: str, settings: ExistingListener, keys: Sequence[str]) -> Iterator[Diagnostic]:
    """The same. keys: of all routes, each of which needs a priority."""
    if isinstance(settings.listener, str):
        yield from _arn_problems(f"{pointer}.listener", settings.listener, "listener")
    low, high = _PRIORITIES
    first = settings.first_priority
    if not low <= first <= high - max(len(keys), 1) + 1:
        yield Diagnostic(
            pointer=f"{pointer}.first_priority",
            problem=f"the {len(keys)} rules have the priorities {first} to {first + len(keys) - 1}, outside {low} to "
            f"{high}",
            code="LK401",
            hint=f"first_priority: {low if first < low else high - len(keys) + 1}",
        )
    yield from _url_problems(f"{pointer}.url", settings.url)
    if len(settings.hosts) > _HOSTS_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.hosts",
            problem=f"{len(settings.hosts)} hosts are above {_HOSTS_MAX}, the most that a rule holds beside path and "
            "method",
            code="LK401",
            hint="write *.example.com for several",
        )
    for index, host in enumerate(settings.hosts):
        if _HOST.fullmatch(host) is None and not is_unresolved(host):
            yield Diagnostic(
                pointer=f"{pointer}.hosts[{index}]",
                problem=f"{host!r} is no name of a host",
                code="LK401",
                hint="write it like shop.example.com or *.example.com",
            )


def _port(settings: ExistingLoadBalancer) -> int:
    if settings.port is not None:
        return settings.port
    return 80 if settings.certificate is None else 443


def _arn_problems(pointer: str, arn: str, kind: str) -> Iterator[Diagnostic]:
    if not re.fullmatch(rf"arn:[a-z-]+:elasticloadbalancing:\S+:{kind}/app/\S+", arn) and not is_unresolved(arn):
        yield Diagnostic(
            pointer=pointer,
            problem=f"{arn!r} is no ARN of a {'balancer' if kind == 'loadbalancer' else kind} for applications",
            code="LK401",
            hint=f"write it like arn:aws:elasticloadbalancing:eu-west-1:123456789012:{kind}/app/…",
        )


def _url_problems(pointer: str, url: str) -> Iterator[Diagnostic]:
    if _URL.fullmatch(url) is None and not is_unresolved(url):
        yield Diagnostic(
            pointer=pointer,
            problem=f"{url!r} is no address such as https://shop.example.com, without a slash at the end",
            code="LK401",
            hint="url: https://shop.example.com",
        )
