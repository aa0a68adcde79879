"""What a template names by an id or ARN that AWS draws, besides networks: who asks for it could not make it itself.

In comes a template whose parameters are known; out come the ids, each with what the template says of it. Whether they
are in the account is not known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lambdakit.assembly.intrinsics import Resolver
from lambdakit.errors import LambdakitError
from lambdakit.harness.deployment.scope import UnknownValue
from lambdakit.records import dataclass

KEY: Final = "AWS::KMS::Key"
CERTIFICATE: Final = "AWS::CertificateManager::Certificate"
ZONE: Final = "AWS::Route53::HostedZone"
USER_POOL: Final = "AWS::Cognito::UserPool"
LOAD_BALANCER: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER: Final = "AWS::ElasticLoadBalancingV2::Listener"
SECRET: Final = "AWS::SecretsManager::Secret"
STREAM: Final = "AWS::DynamoDB::Stream"

_ARN: Final = r"arn:[a-z-]+:{service}:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{{12}}):{resource}"
# Type -> its ARN. `application` is how the CDK writes a balancer that it could not look up.
_ARNS: Mapping[str, re.Pattern[str]] = {
    KEY: re.compile(_ARN.format(service="kms", resource="key/(?P<id>[0-9A-Za-z-]+)")),
    CERTIFICATE: re.compile(_ARN.format(service="acm", resource="certificate/[0-9A-Za-z-]+")),
    USER_POOL: re.compile(_ARN.format(service="cognito-idp", resource=r"userpool/(?P<id>[\w-]+)")),
    LOAD_BALANCER: re.compile(
        _ARN.format(service="elasticloadbalancing", resource=r"loadbalancer/app(?:lication)?/[\w-]+/[0-9a-f]+")
    ),
    LISTENER: re.compile(
        _ARN.format(service="elasticloadbalancing", resource=r"listener/app(?:lication)?/[\w-]+/[0-9a-f]+/[0-9a-f]+")
    ),
}
# The same, of which the user gives all but the end: six characters of a secret, the label of a table's stream.
_ENDS: Mapping[str, re.Pattern[str]] = {
    SECRET: re.compile(_ARN.format(service="secretsmanager", resource=r"secret:[\w/+=.@-]+-[0-9A-Za-z]{6}(?![\w?*-])")),
    STREAM: re.compile(_ARN.format(service="dynamodb", resource=r"table/[\w.-]+/stream/[0-9][0-9T:.-]+")),
}
# Names of properties that hold a plain id.
_PLAIN: Mapping[str, tuple[str, re.Pattern[str]]] = {
    **dict.fromkeys(
        ("KmsKeyId", "KMSKeyId", "KmsMasterKeyId", "KMSMasterKeyID", "TargetKeyId", "EncryptionKey"),
        (KEY, re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")),
    ),
    "HostedZoneId": (ZONE, re.compile(r"(?:/hostedzone/)?(?P<id>Z[0-9A-Z]+|DUMMY)")),
    "UserPoolId": (USER_POOL, re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]_[0-9A-Za-z]+")),
}
_SIGNS: Final = ("key/", ":secret:", "/stream/", "certificate/", "userpool/", "loadbalancer/", "listener/", *_PLAIN)
# The zone that is named there is AWS's own.
_ALIAS_TARGET: Final = "AliasTarget"
_RECORD: Final = "AWS::Route53::RecordSet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Something that a template names.

    id: what identifies it to its service: an ARN for certificates, load balancers and listeners.
    domain: for a certificate or zone, the domain that the template has it for; empty where it does not say.
    """

    type: str
    id: str
    region: str
    domain: str = ""


def drawn_of(resolver: Resolver, logical_ids: Iterable[str], *, account_id: str, region: str) -> tuple[Drawn, ...]:
    """What the named resources of a template name in an account, each once."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for logical_id in logical_ids:
        resource = resolver.template.resources[logical_id]
        text = json.dumps(resource.properties)
        if not any(sign in text for sign in _SIGNS):
            continue
        domain = _domain(resolver, resource.type, resource.properties, logical_id)
        for key in _in(resolver, resource.properties, logical_id, account_id, region):
            domains = found.setdefault(key, [])
            domains += [domain] if domain else []
    return tuple(
        Drawn(
            type=type_name,
            id=identity,
            region=there,
            domain=_zone_of(domains) if type_name == ZONE else next(iter(domains), ""),
        )
        for (type_name, identity, there), domains in found.items()
    )


def _in(
    resolver: Resolver, properties: object, logical_id: str, account_id: str, region: str
) -> Iterator[tuple[str, str, str]]:
    """Type, id and region of each."""
    for name, text in _texts(resolver, properties, logical_id, ""):
        if name in _PLAIN:
            type_name, pattern = _PLAIN[name]
            match = pattern.fullmatch(text)
            if match is not None:
                yield type_name, match.groupdict().get("id") or text, region
        for type_name, pattern in _ENDS.items():
            for match in pattern.finditer(text):  # a dynamic reference has more around it
                if match["account"] == account_id:
                    yield type_name, match[0], match["region"]
        if text.startswith("arn:"):
            for type_name, pattern in _ARNS.items():
                match = pattern.fullmatch(text)
                if match is not None and match["account"] == account_id:
                    # The CDK's stand-ins for balancers name a region of their own.
                    there = region if "/application/" in text else match["region"]
                    yield type_name, match.groupdict().get("id") or text, there


def _texts(resolver: Resolver, value: object, logical_id: str, name: str) -> Iterator[tuple[str, str]]:
    """The texts in a value, each with the name of the property that holds it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(resolver, item, logical_id, name)
    elif isinstance(value, Mapping):
        if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
            yield from _resolved(resolver, value, logical_id, name)
            return
        for key, item in value.items():
            if key != _ALIAS_TARGET:
                yield from _texts(resolver, item, logical_id, str(key))


def _resolved(resolver: Resolver, value: Mapping[str, Any], logical_id: str, name: str) -> Iterator[tuple[str, str]]:
    try:
        resolved = resolver.resolve(value, f"Resources.{logical_id}.Properties")
    except (LambdakitError, LookupError, UnknownValue):
        return  # it depends on a resource that the template makes
    if isinstance(resolved, str | list):
        yield from ((name, text) for text in ([resolved] if isinstance(resolved, str) else resolved) if _is_text(text))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _domain(resolver: Resolver, type_name: str, properties: Mapping[str, Any], logical_id: str) -> str:
    name = properties.get("Name" if type_name == _RECORD else "DomainName")
    texts = [text for _, text in _texts(resolver, name, logical_id, "")]
    return texts[0].rstrip(".") if texts and "." in texts[0] else ""


def _zone_of(names: Iterable[str]) -> str:
    """The smallest domain that may be the zone of all these records."""
    common: list[str] | None = None
    for name in names:
        labels = name.split(".")
        labels = labels[1:] if len(labels) > 2 else labels
        common = labels if common is None else _common_tail(common, labels)
    return ".".join(common or ())


def _common_tail(one: list[str], other: list[str]) -> list[str]:
    tail: list[str] = []
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        tail.insert(0, left)
    return tail
