"""Tasks of state machines on clusters of Amazon EMR: the optimized integration has calls of its own, which moto lacks.

Source: AWS Step Functions Developer Guide, "Create and manage Amazon EMR clusters with Step Functions": the table of
the integration's APIs beside those of EMR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.records import dataclass

SERVICE: Final = "elasticmapreduce"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A call of the integration. operation: boto3's method. request: its parameters, of those of the task.

    answer: what the task gets, of what the method answers.
    """

    operation: str
    request: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    answer: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda told: {}


_CALLS: Final[Mapping[str, _Call]] = {
    "createCluster": _Call(
        operation="run_job_flow", request=dict, answer=lambda told: {"ClusterId": told["JobFlowId"]}
    ),
    "setClusterTerminationProtection": _Call(
        operation="set_termination_protection",
        request=lambda given: {
            "JobFlowIds": [given.get("ClusterId")],
            "TerminationProtected": given.get("TerminationProtected"),
        },
    ),
    "terminateCluster": _Call(
        operation="terminate_job_flows", request=lambda given: {"JobFlowIds": [given.get("ClusterId")]}
    ),
    "addStep": _Call(
        operation="add_job_flow_steps",
        request=lambda given: {
            **{name: value for name, value in given.items() if name not in ("ClusterId", "Step")},
            "JobFlowId": given.get("ClusterId"),
            "Steps": [given.get("Step")],
        },
        answer=lambda told: {"StepId": told["StepIds"][0]},
    ),
    "cancelStep": _Call(
        operation="cancel_steps",
        request=lambda given: {"ClusterId": given.get("ClusterId"), "StepIds": [given.get("StepId")]},
        answer=lambda told: {"CancelStepsInfo": told["CancelStepsInfoList"][0]},
    ),
}
_BY_NAME: Final[Mapping[str, tuple[str, str]]] = {
    "modifyInstanceGroupByName": ("InstanceGroup", "modify_instance_groups"),
    "modifyInstanceFleetByName": ("InstanceFleet", "modify_instance_fleet"),
}


def call_cluster(action: str, client: Any, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a call of the integration answers; None for a call that it has not got. client: of EMR."""
    if action in _BY_NAME:
        return _changed_by_name(*_BY_NAME[action], client, given)
    call = _CALLS.get(action)
    if call is None:
        return None
    told = getattr(client, call.operation)(**call.request(given))
    return dict(call.answer(told))


def _changed_by_name(kind: str, operation: str, client: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """At run time the integration looks the id up that belongs to the name."""
    cluster, name = given.get("ClusterId"), given.get(f"{kind}Name")
    parts = getattr(client, f"list_{'instance_groups' if kind == 'InstanceGroup' else 'instance_fleets'}")(
        ClusterId=cluster
    )[f"{kind}s"]
    identity = next((part["Id"] for part in parts if part.get("Name") == name), None)
    change = {f"{kind}Id": identity, **given.get(kind, {})}
    getattr(client, operation)(
        ClusterId=cluster, **{f"{kind}s": [change]} if kind == "InstanceGroup" else {kind: change}
    )
    return {}
