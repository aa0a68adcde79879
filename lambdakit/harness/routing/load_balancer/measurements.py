"""What a load balancer measures of its requests. Health checks do not count.

Source: Application Load Balancers guide, "CloudWatch metrics for your Application Load Balancer": what is 0 is not
reported; `RequestCount` is that of requests for which a target was chosen.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from lambdakit.harness.moto_state.load_balancers import LoadBalancer
from lambdakit.harness.routing.rest.stage_settings import MetricStore
from lambdakit.records import dataclass

_NAMESPACE: Final = "AWS/ApplicationELB"
_BY_ACTION: Final = {"fixed-response": "HTTP_Fixed_Response_Count", "redirect": "HTTP_Redirect_Count"}
_TOLD_APART: Final = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A request that was answered. action: the type of the action that did; empty for none.

    group_arn: of the target group that was chosen; empty for none. target_seconds: how long its answer took; None when
    the balancer answered in its place. problem: as the trace has it.
    """

    status: int
    action: str
    group_arn: str
    target_seconds: float | None
    problem: str


def measure(store: MetricStore, balancer: LoadBalancer, measured: Measured, at: datetime) -> None:
    """Takes the measurements of one request."""
    dimensions: tuple[tuple[str, str], ...] = (("LoadBalancer", balancer.arn.partition(":loadbalancer/")[2]),)
    if measured.group_arn:
        dimensions = (*dimensions, ("TargetGroup", measured.group_arn.rpartition(":")[2]))
    counted = tuple((name, "Count", 1.0) for name in _counts(measured))
    timed = (("TargetResponseTime", "Seconds", measured.target_seconds),) if measured.target_seconds is not None else ()
    account_id = balancer.arn.split(":")[4]
    store.add(account_id, balancer.region, dimensions, (*counted, *timed), at, namespace=_NAMESPACE)


def _counts(measured: Measured) -> list[str]:
    hundreds = f"{measured.status // 100}XX"
    if measured.target_seconds is not None:
        return ["RequestCount", f"HTTPCode_Target_{hundreds}_Count"]
    found = [_BY_ACTION[measured.action]] if measured.action in _BY_ACTION else []
    if measured.status >= 300:
        found.append(f"HTTPCode_ELB_{hundreds}_Count")
    if measured.status in _TOLD_APART:
        found.append(f"HTTPCode_ELB_{measured.status}_Count")
    if measured.group_arn and measured.status != 503:  # then there was a target
        found.append("RequestCount")
    if measured.problem.startswith("Lambda"):
        is_ours = measured.problem.startswith("LambdaServiceException")
        found.append("LambdaInternalError" if is_ours else "LambdaUserError")
    return found
