"""What is known of things that were in the account before: answers to the CDK's look-ups, and what the user says.

`cdk.context.json`, in the assembly or beside the `cdk.json` above it, has the answers that the CDK CLI got::

    {"vpc-provider:account=…": {"vpcId": "vpc-0ab…", "vpcCidrBlock": "10.0.0.0/16", "subnetGroups": [
        {"name": "Private", "type": "Private", "subnets": [
            {"subnetId": "subnet-0ab…", "cidr": "10.0.1.0/24", "availabilityZone": "…", "routeTableId": "rtb-0ab…"}]}]},
     "security-group:account=…": {"securityGroupId": "sg-0ab…", "allowAllOutbound": true}}

`existing` in `lambdakit-overrides.json` says the same of an id that nobody looked up, and goes first::

    {"existing": {"vpc-0ab…": {"vpcCidrBlock": "10.0.0.0/16", "subnetGroups": […]},
                  "sg-0ab…": {"allowAllOutbound": false}}}

Source: aws-cdk-lib 2.275, cx-api, "VpcContextResponse", "SecurityGroupContextResponse" and "HostedZone…"; aws-ec2,
`DUMMY_VPC_PROPS`: what stands in a template whose look-up was not made.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final, Literal

from lambdakit.assembly.assembly_directory import read_json
from lambdakit.assembly.codes import MALFORMED_OVERRIDE, WRONG_SHAPE
from lambdakit.assembly.image_overrides import overrides_file
from lambdakit.assembly.place import Place, shown
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.records import dataclass

CONTEXT: Final = "cdk.context.json"
EXISTING: Final = "existing"

SubnetKind = Literal["public", "private", "isolated"]

_KINDS: Mapping[str, SubnetKind] = {"Public": "public", "Private": "private", "Isolated": "isolated"}
_NAME_FILTER: Final = re.compile(r":filter\.tag:Name=([^:]+)")
_PROVIDERS: Final = ("vpc-provider:", "security-group:", "hosted-zone:")
_API_ID: Final = re.compile(r"[a-z0-9]{8,12}")
_DUMMY_ZONE: Final = "dummy"
# Amazon VPC User Guide, "VPC CIDR blocks": from /16 to /28.
_PREFIXES: Final = range(16, 29)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetLookUp:
    """A subnet. zone, cidr, route_table_id: empty where they are not known.

    kind: public, with a route to an internet gateway; private, with one to a NAT gateway; isolated, with neither.
    """

    id: str
    kind: SubnetKind
    name: str = ""
    zone: str = ""
    cidr: str = ""
    route_table_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcLookUp:
    """A VPC with all of its subnets.

    cidr: empty where it is not known. told_by: the file that says so; empty for none.
    """

    id: str
    cidr: str = ""
    name: str = ""
    subnets: tuple[SubnetLookUp, ...] = ()
    told_by: str = ""

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all that belongs to it, and its own."""
        parts = {each for subnet in self.subnets for each in (subnet.id, subnet.route_table_id) if each}
        return frozenset({self.id, *parts})


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLookUp:
    """A security group. all_outbound: whether it lets everything out; if not, nothing but what the template adds."""

    id: str
    all_outbound: bool
    told_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiLookUp:
    """A REST API. resources: id -> path of those that are known, `/` for the root."""

    id: str
    resources: Mapping[str, str]
    told_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUps:
    """What is known, by id. zones: the domain names of hosted zones. apis: REST APIs."""

    vpcs: Mapping[str, VpcLookUp] = field(default_factory=dict)
    groups: Mapping[str, GroupLookUp] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    apis: Mapping[str, ApiLookUp] = field(default_factory=dict)

    def vpc_of(self, identity: str) -> VpcLookUp | None:
        """The VPC that an id of it, of a subnet or of a route table belongs to; None when nobody said."""
        vpcs = (*self.vpcs.values(), NOT_LOOKED_UP)
        return next((vpc for vpc in vpcs if identity in vpc.ids), None)


NOT_LOOKED_UP: Final = VpcLookUp(
    id="vpc-12345",
    subnets=(
        SubnetLookUp(id="s-12345", kind="public", name="Public1", route_table_id="rtb-12345s"),
        SubnetLookUp(id="s-67890", kind="public", name="Public2", route_table_id="rtb-67890s"),
        SubnetLookUp(id="p-12345", kind="private", name="Private1", route_table_id="rtb-12345p"),
        SubnetLookUp(id="p-67890", kind="private", name="Private2", route_table_id="rtb-57890p"),
    ),
)
"""The VPC that the CDK writes in place of one that it could not look up."""


def read_look_ups(assembly: Path) -> LookUps:
    """What is known of an assembly's surroundings. AssemblyError with everything that is wrong in it.

    assembly: its directory, resolved.
    """
    faults: list[Diagnostic] = []
    vpcs: dict[str, VpcLookUp] = {}
    groups: dict[str, GroupLookUp] = {}
    zones: dict[str, str] = {}
    apis: dict[str, ApiLookUp] = {}
    for key, value, place in (*_of_context(assembly, faults), *_of_overrides(assembly, faults)):
        try:
            told_by = Path(place.path).name
            if key.startswith(("vpc-provider:", "vpc-")):
                vpc = _vpc(key, value, place, told_by)
                vpcs[vpc.id] = vpc
            elif key.startswith(("security-group:", "sg-")):
                group = _group(key, value, place, told_by)
                groups[group.id] = group
            elif key.startswith("hosted-zone:"):
                identity = (place / "Id").text(value.get("Id")).rpartition("/")[2]
                zones[identity] = (place / "Name").text(value.get("Name")).rstrip(".")
            elif _API_ID.fullmatch(key):
                apis[key] = _api(key, value, place, told_by)
            else:
                hint = "known are the ids of a VPC (vpc-…), of a security group (sg-…) and of a REST API"
                raise place.error(f"{shown(key)} is nothing that can be told of here", hint=hint)
        except AssemblyError as error:
            faults += error.diagnostics
    if faults:
        raise AssemblyError(*faults)
    return LookUps(vpcs=vpcs, groups=groups, zones=zones, apis=apis)


def bring_look_ups(context: Mapping[str, object], assembly: Path) -> None:
    """Lays the answers to look-ups that a context holds into an assembly that lies elsewhere; nothing without one."""
    answers = {key: value for key, value in context.items() if key.startswith(_PROVIDERS)}
    if answers:
        (assembly / CONTEXT).write_text(json.dumps(answers), encoding="utf-8")


def _of_context(assembly: Path, faults: list[Diagnostic]) -> list[tuple[str, Mapping[str, Any], Place]]:
    above = assembly.parent
    places = [assembly, above] if (above / "cdk.json").is_file() else [assembly]
    file = next((place / CONTEXT for place in places if (place / CONTEXT).is_file()), None)
    if file is None:
        return []
    place = Place(path=str(file), code=WRONG_SHAPE)
    answers: list[tuple[str, Mapping[str, Any], Place]] = []
    try:
        for key, value in place.mapping(read_json(file, str(file))).items():
            # The CDK CLI keeps what went wrong beside what it found: {"$providerError": …}.
            if key.startswith(_PROVIDERS) and isinstance(value, dict) and "$providerError" not in value:
                answers.append((key, value, place / key))
    except AssemblyError as error:
        faults += error.diagnostics
    return answers


def _of_overrides(assembly: Path, faults: list[Diagnostic]) -> list[tuple[str, Mapping[str, Any], Place]]:
    file = overrides_file(assembly)
    if file is None:
        return []
    place = Place(path=str(file), code=MALFORMED_OVERRIDE)
    try:
        told = (place / EXISTING).mapping(place.mapping(read_json(file, str(file))).get(EXISTING, {}))
        return [(key, (place / EXISTING / key).mapping(value), place / EXISTING / key) for key, value in told.items()]
    except AssemblyError as error:
        faults += error.diagnostics
        return []


def _vpc(key: str, value: Mapping[str, Any], place: Place, told_by: str) -> VpcLookUp:
    identity = (place / "vpcId").text(value.get("vpcId", key if key.startswith("vpc-") and ":" not in key else None))
    named = _NAME_FILTER.search(key)
    subnets = _grouped(value, place) if "subnetGroups" in value else _listed(value, place)
    return VpcLookUp(
        id=identity,
        cidr=_block(value.get("vpcCidrBlock"), place / "vpcCidrBlock"),
        name="" if named is None else named[1],
        subnets=subnets,
        told_by=told_by,
    )


def _grouped(value: Mapping[str, Any], place: Place) -> tuple[SubnetLookUp, ...]:
    found = []
    for index, item in enumerate((place / "subnetGroups").sequence(value["subnetGroups"])):
        at = place / "subnetGroups" / index
        group = at.mapping(item)
        kind = _KINDS.get(str(group.get("type")))
        if kind is None:
            raise (at / "type").error(f"{shown(group.get('type'))} is not {', '.join(_KINDS)}")
        name = str(group.get("name") or group["type"])
        for number, each in enumerate((at / "subnets").sequence(group.get("subnets", []))):
            here = at / "subnets" / number
            subnet = here.mapping(each)
            found.append(
                SubnetLookUp(
                    id=(here / "subnetId").text(subnet.get("subnetId")),
                    kind=kind,
                    name=f"{name}{number + 1}",
                    zone=_zone(subnet.get("availabilityZone")),
                    cidr=_block(subnet.get("cidr"), here / "cidr"),
                    route_table_id=str(subnet.get("routeTableId") or ""),
                )
            )
    return tuple(found)


def _listed(value: Mapping[str, Any], place: Place) -> tuple[SubnetLookUp, ...]:
    """Subnets as answers had them before `returnAsymmetricSubnets`: a list of ids for each kind."""
    zones = (place / "availabilityZones").texts(value.get("availabilityZones") or [])
    found = []
    for kind in _KINDS.values():
        tables = (place / f"{kind}SubnetRouteTableIds").texts(value.get(f"{kind}SubnetRouteTableIds") or [])
        for index, identity in enumerate((place / f"{kind}SubnetIds").texts(value.get(f"{kind}SubnetIds") or [])):
            found.append(
                SubnetLookUp(
                    id=identity,
                    kind=kind,
                    name=f"{kind.capitalize()}{index + 1}",
                    zone=zones[index % len(zones)] if zones else "",
                    route_table_id=tables[index] if index < len(tables) else "",
                )
            )
    return tuple(found)


def _group(key: str, value: Mapping[str, Any], place: Place, told_by: str) -> GroupLookUp:
    of_key = key if key.startswith("sg-") else None
    outbound = (place / "allowAllOutbound").boolean(value.get("allowAllOutbound", True))
    identity = (place / "securityGroupId").text(value.get("securityGroupId", of_key))
    return GroupLookUp(id=identity, all_outbound=outbound, told_by=told_by)


def _api(key: str, value: Mapping[str, Any], place: Place, told_by: str) -> ApiLookUp:
    paths = {}
    for identity, path in (place / "resources").mapping(value.get("resources", {})).items():
        at = place / "resources" / identity
        text = at.text(path)
        if not text.startswith("/") or "//" in text or (text != "/" and text.endswith("/")):
            raise at.error(f"{shown(text)} is not the path of a resource, such as / or /orders/{{id}}")
        paths[identity] = text
    root = value.get("rootResourceId")
    if root is not None:
        paths[(place / "rootResourceId").text(root)] = "/"
    if len(set(paths.values())) < len(paths):
        raise (place / "resources").error("two resources have one path")
    return ApiLookUp(id=key, resources=paths, told_by=told_by)


def _zone(value: object) -> str:
    zone = str(value or "")
    return "" if zone.startswith(_DUMMY_ZONE) else zone


def _block(value: object, place: Place) -> str:
    """A CIDR block that a VPC or subnet may have; empty for none."""
    if value is None:
        return ""
    text = place.text(value)
    try:
        block = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise place.error(f"{shown(text)} is not a CIDR block: {error}") from None
    if block.prefixlen not in _PREFIXES:
        raise place.error(f"{shown(text)} is not a block of /16 to /28, as AWS has them")
    return text
