"""Why a connection leads out of the harness that the function's network has a path for, and what to do about it."""

from __future__ import annotations

import ipaddress

from lambdakit.harness.network.bindings import Bindings

_AWS_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws")


def outside_reason(host: str, port: int, bindings: Bindings) -> tuple[str, str]:
    """Reason and fix. host: a name, or an address that no name stands for."""
    resource = bindings.resource_at(host)
    target = bindings.targets().get(host, {}).get(port)
    name = host if port in (443, 80) else f"{host}:{port}"
    if resource is not None and port not in resource.ports:
        ports = " and ".join(str(each) for each in resource.ports)
        return (
            f"{resource.logical_id} answers on port {ports}, not on {port}",
            f"connect to port {resource.ports[0]}",
        )
    if target is not None:
        return (
            f"{target.name} was bound or allowed after this execution environment had looked for it",
            "bind or allow it before the function is invoked",
        )
    if resource is not None:
        return (
            f"{resource.logical_id} is recorded by the harness, which runs no {_kind(resource.type)}",
            f'bind a server to it: harness.bind("{resource.logical_id}", "…://127.0.0.1:{port}")',
        )
    if _is_address(host):
        return "the harness lets no function out to an address", "let the function connect to a name that is allowed"
    if host.endswith(_AWS_SUFFIXES):
        return (
            "no function ever reaches AWS from the harness",
            "call the API at AWS_ENDPOINT_URL, which every AWS SDK does by itself",
        )
    return "outside hosts are not reachable from the harness", f'allow it with harness.allow_host("{name}")'


def _kind(type_name: str) -> str:
    return "server behind AWS::" + "::".join(type_name.split("::")[1:])


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
