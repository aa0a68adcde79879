"""Targets that are no functions: a server of this machine that a test bound in their place.

Source: Application Load Balancers guide, "Troubleshoot your Application Load Balancers" (502, 503, 504); RFC 9110,
7.6.1 (what is not passed on).
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lambdakit.harness.moto_state.load_balancers import TargetGroup, targets_host
from lambdakit.harness.network.bindings import Target
from lambdakit.harness.routing.load_balancer.own_answers import BalancerRefused
from lambdakit.harness.wire import Request, Response

Bound = Callable[[], Mapping[str, Mapping[int, Target]]]

IDLE_SECONDS: Final = 60.0  # of `idle_timeout.timeout_seconds`, unless the balancer says otherwise
_ANSWER_BYTES_MAX: Final = 256 * 1024 * 1024
_OF_CONNECTION: Final = frozenset(
    {"connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"}
    | {"upgrade"}
)


def bound_target(group: TargetGroup, bound: Bound) -> Target:
    """What stands for the group's targets: bound by its name, or by the address of one. BalancerRefused for nothing."""
    bindings = bound()
    for host, port in ((targets_host(group.arn), 0), *((target.id.lower(), target.port) for target in group.targets)):
        ports = bindings.get(host, {})
        if ports:
            return ports.get(port) or next(iter(ports.values()))
    there = ", ".join(f"{target.id}:{target.port}" for target in group.targets[:3])
    why = (
        f"nothing stands for the targets of {group.name}, which are of type {group.target_type} ({there})"
        if group.targets
        else f"the target group {group.name} of type {group.target_type} has no registered targets"
    )
    raise BalancerRefused(503, f'{why}: harness.bind("{group.name}", "http://127.0.0.1:PORT") names a server for them')


def passed_on(request: Request, target: Target, fields: Sequence[tuple[str, str]], seconds: float) -> Response:
    """The server's answer. fields: as the balancer passes them on. BalancerRefused when none comes."""
    where = f"{target.host}:{target.port}, bound as {target.name}"
    connection = http.client.HTTPConnection(target.host, target.port, timeout=seconds)
    try:
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in fields:
            if name not in _OF_CONNECTION:
                connection.putheader(name, value.encode("latin-1", "replace"))
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        body = answer.read(_ANSWER_BYTES_MAX)
    except TimeoutError:
        raise BalancerRefused(504, f"nothing came from {where} within {seconds:g} seconds") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise BalancerRefused(502, f"{where}: {error or type(error).__name__}") from None
    finally:
        connection.close()
    kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_CONNECTION]
    return Response(status=answer.status, headers=kept, body=body)
