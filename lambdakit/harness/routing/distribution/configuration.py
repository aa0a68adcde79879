"""A distribution as its template describes it, made plain data.

In come the resolved properties of `AWS::CloudFront::Distribution`; nothing here knows of requests or other resources.
Source: CloudFormation Template Reference, "AWS::CloudFront::Distribution" and the property types below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from lambdakit.records import dataclass

Properties = Mapping[str, Any]

# Source: the pages of "Origin", "CustomErrorResponse", "DefaultCacheBehavior": their defaults.
_READ_SECONDS: Final = 30
_ERROR_SECONDS: Final = 10
_METHODS: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where content comes from. domain: in lower case. path: put before each path; empty for none.

    is_s3: a bucket's REST API, without a `CustomOriginConfig`. identity: the id of an origin access identity.
    access_control: the id of an origin access control. protocol: `http-only`, `https-only` or `match-viewer`.
    """

    id: str
    domain: str
    path: str = ""
    is_s3: bool = False
    identity: str = ""
    access_control: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    protocol: str = "https-only"
    http_port: int = 80
    https_port: int = 443
    read_seconds: int = _READ_SECONDS
    is_in_vpc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginGroup:
    """The second origin is asked where the first one fails, or answers with one of the statuses."""

    id: str
    members: tuple[str, ...]
    statuses: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeAssociation:
    """A version of a function that an event invokes."""

    arn: str
    include_body: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    """What is done with requests for some paths. pattern: empty for the default behaviour, which takes the rest.

    target: the id of an origin or a group. older: the settings of a behaviour without a cache policy.
    lambdas, functions: by the event's type; versions of Lambda functions, and ARNs of CloudFront functions.
    key_groups: ids; none lets everybody in. trusts_accounts: by `TrustedSigners`, whose keys are nowhere here.
    """

    pattern: str
    target: str
    viewer_protocol: str = "allow-all"
    methods: tuple[str, ...] = _METHODS
    cached_methods: tuple[str, ...] = _METHODS
    cache_policy: str = ""
    origin_request_policy: str = ""
    response_headers_policy: str = ""
    older: Properties = field(default_factory=dict)
    lambdas: Mapping[str, EdgeAssociation] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    key_groups: tuple[str, ...] = ()
    trusts_accounts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorResponse:
    """What is answered instead of an origin's error. page: a path; empty without one. status: 0 keeps the error's."""

    page: str = ""
    status: int = 0
    keep_seconds: int = _ERROR_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionConfiguration:
    """A distribution. behaviors: in the order of their precedence, the default one last. root: the default object."""

    id: str
    arn: str
    domain: str
    aliases: tuple[str, ...]
    enabled: bool
    root: str
    origins: Mapping[str, Origin]
    groups: Mapping[str, OriginGroup]
    behaviors: tuple[Behavior, ...]
    errors: Mapping[int, ErrorResponse]


def read_distribution(
    properties: Properties, *, distribution_id: str, arn: str, domain: str
) -> DistributionConfiguration:
    """The distribution of a template. properties: its `DistributionConfig`."""
    origins = [_origin(given) for given in properties.get("Origins") or ()] or _older_origins(properties)
    groups = [_group(given) for given in _items(properties.get("OriginGroups"))]
    default = properties.get("DefaultCacheBehavior") or {}
    listed = [*(properties.get("CacheBehaviors") or ()), default]
    return DistributionConfiguration(
        id=distribution_id,
        arn=arn,
        domain=domain,
        aliases=tuple(str(name).lower() for name in properties.get("Aliases") or properties.get("CNAMEs") or ()),
        enabled=_flag(properties.get("Enabled"), True),
        root=str(properties.get("DefaultRootObject") or ""),
        origins={origin.id: origin for origin in origins},
        groups={group.id: group for group in groups},
        behaviors=tuple(_behavior(given) for given in listed),
        errors={int(given["ErrorCode"]): _error(given) for given in properties.get("CustomErrorResponses") or ()},
    )


def _origin(given: Properties) -> Origin:
    custom, s3 = given.get("CustomOriginConfig"), given.get("S3OriginConfig") or {}
    custom_or_vpc = custom or given.get("VpcOriginConfig") or {}
    return Origin(
        id=str(given["Id"]),
        domain=str(given["DomainName"]).lower(),
        path=str(given.get("OriginPath") or "").rstrip("/"),
        is_s3=custom is None and given.get("VpcOriginConfig") is None,
        identity=str(s3.get("OriginAccessIdentity") or "").rpartition("/")[2],
        access_control=str(given.get("OriginAccessControlId") or ""),
        headers=tuple(
            (str(each["HeaderName"]), str(each["HeaderValue"])) for each in given.get("OriginCustomHeaders") or ()
        ),
        protocol=str(custom_or_vpc.get("OriginProtocolPolicy") or "match-viewer"),
        http_port=int(custom_or_vpc.get("HTTPPort") or 80),
        https_port=int(custom_or_vpc.get("HTTPSPort") or 443),
        read_seconds=int(custom_or_vpc.get("OriginReadTimeout") or _READ_SECONDS),
        is_in_vpc=given.get("VpcOriginConfig") is not None,
    )


def _older_origins(properties: Properties) -> list[Origin]:
    """The one of a template of the older form, which has no id of its own."""
    s3, custom = properties.get("S3Origin"), properties.get("CustomOrigin")
    name = str((properties.get("DefaultCacheBehavior") or {}).get("TargetOriginId") or "origin")
    if s3 is not None:
        return [_origin({"Id": name, "DomainName": s3["DNSName"], "S3OriginConfig": s3})]
    if custom is not None:
        return [_origin({"Id": name, "DomainName": custom["DNSName"], "CustomOriginConfig": custom})]
    return []


def _group(given: Properties) -> OriginGroup:
    codes = ((given.get("FailoverCriteria") or {}).get("StatusCodes") or {}).get("Items") or ()
    members = tuple(str(member["OriginId"]) for member in _items(given.get("Members")))
    return OriginGroup(id=str(given["Id"]), members=members, statuses=frozenset(int(code) for code in codes))


def _behavior(given: Properties) -> Behavior:
    return Behavior(
        pattern=str(given.get("PathPattern") or ""),
        target=str(given.get("TargetOriginId") or ""),
        viewer_protocol=str(given.get("ViewerProtocolPolicy") or "allow-all"),
        methods=tuple(given.get("AllowedMethods") or _METHODS),
        cached_methods=tuple(given.get("CachedMethods") or _METHODS),
        cache_policy=str(given.get("CachePolicyId") or ""),
        origin_request_policy=str(given.get("OriginRequestPolicyId") or ""),
        response_headers_policy=str(given.get("ResponseHeadersPolicyId") or ""),
        older=given,
        lambdas={
            str(each["EventType"]): EdgeAssociation(
                arn=str(each["LambdaFunctionARN"]), include_body=_flag(each.get("IncludeBody"), False)
            )
            for each in given.get("LambdaFunctionAssociations") or ()
        },
        functions={
            str(each["EventType"]): str(each["FunctionARN"]) for each in given.get("FunctionAssociations") or ()
        },
        key_groups=tuple(given.get("TrustedKeyGroups") or ()),
        trusts_accounts=bool(given.get("TrustedSigners")),
    )


def _error(given: Properties) -> ErrorResponse:
    kept = given.get("ErrorCachingMinTTL")
    return ErrorResponse(
        page=str(given.get("ResponsePagePath") or ""),
        status=int(given.get("ResponseCode") or 0),
        keep_seconds=_ERROR_SECONDS if kept is None else int(float(kept)),
    )


def _items(value: object) -> Sequence[Properties]:
    return (value.get("Items") or ()) if isinstance(value, Mapping) else ()


def _flag(value: object, otherwise: bool) -> bool:
    return otherwise if value is None else str(value).lower() == "true"
