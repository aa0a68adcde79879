"""The report of a deployment's network: which services and hosts each of its functions reaches.

In come a deployment and the judge of the network; out goes JSON for the harness's client.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.harness.deployment.deployed import Deployment
from lambdakit.harness.deployment.places import FUNCTION
from lambdakit.harness.deployment.provisioner import Created
from lambdakit.harness.iam.api_services import apis_signed_for
from lambdakit.harness.network.report import ReachabilityRow, reachability_table
from lambdakit.harness.network.verdict import Judge, Placement

# Prefix of a service's actions -> the name that requests to it are signed for, where they differ.
# Source: botocore 1.44's service models; Service Authorization Reference
_SIGNED_FOR: Final[Mapping[str, str]] = {
    "cloudwatch": "monitoring",
    "tag": "tagging",
    "mechanicalturk": "mturk-requester",
}
# What Lambda does with the role by itself goes through no network of the function's.
_BY_LAMBDA: Final = frozenset({"ec2", "logs", "xray"})
_HTTPS: Final = 443
_PORT_MAX: Final = 65_535


class ReachabilityReport:
    """Reads the report of a deployment.

    judge: decides; asked for anew each time. services: the prefixes of what each function may call, by its name.
    hosts: those that the test bound or allowed, with their ports.
    coverage: what of a function is held to its network here, in words.
    """

    def __init__(
        self,
        *,
        judge: Callable[[], Judge],
        services: Callable[[Deployment], Mapping[str, Iterable[str]]],
        hosts: Callable[[], Sequence[tuple[str, int]]],
        coverage: Callable[[], str],
    ) -> None:
        self._judge = judge
        self._services = services
        self._hosts = hosts
        self._coverage = coverage

    def of(self, deployment: Deployment, also: Sequence[str] = ()) -> Mapping[str, Any]:
        """The report: `rows`, a function's with each service that it may call, and `coverage`.

        also: further services, of every function, as requests to them are signed, and hosts, `name:port`.
        HarnessError for one that is neither.
        """
        services: set[str] = set()
        hosts = dict.fromkeys(self._hosts())
        for name in also:
            if apis_signed_for(name):
                services.add(name)
            else:
                hosts[_host(name)] = None
        placements = {
            created.provisioned.physical_id: _placement(created)
            for created in deployment.resources
            if created.resource.type == FUNCTION
        }
        judge, allowed = self._judge(), self._services(deployment)
        rows = [
            row
            for function, placement in placements.items()
            for row in reachability_table(
                judge, {function: placement}, sorted(services | _signed_for(allowed.get(function, ()))), list(hosts)
            )
        ]
        return {"rows": [_row(row) for row in rows], "coverage": self._coverage()}


def _signed_for(prefixes: Iterable[str]) -> set[str]:
    """The names that requests to services with these prefixes are signed for."""
    return {_SIGNED_FOR.get(prefix, prefix) for prefix in prefixes} - _BY_LAMBDA


def _placement(created: Created) -> Placement:
    resource = created.resource
    network = resource.properties.get("VpcConfig") or {}
    return Placement(
        account_id=resource.account_id,
        region=resource.region,
        subnet_ids=tuple(network.get("SubnetIds") or ()),
        security_group_ids=tuple(network.get("SecurityGroupIds") or ()),
        ipv6=str(network.get("Ipv6AllowedForDualStack", "false")).lower() == "true",
    )


def _host(text: str) -> tuple[str, int]:
    name, separator, port = text.rpartition(":")
    if not separator:
        name, port = text, str(_HTTPS)
    if "." not in name or not port.isdecimal() or not 0 < int(port) <= _PORT_MAX:
        raise HarnessError(
            Diagnostic(
                pointer="reachability",
                problem=f"{text!r} is neither a service, as requests to it are signed, nor a host",
                code="LK545",
                hint="name a service such as dynamodb, or a host such as api.example.com:443",
            )
        )
    return name, int(port)


def _row(row: ReachabilityRow) -> dict[str, Any]:
    wire = dataclasses.asdict(row)
    wire["service"] = wire.pop("destination")
    return wire
