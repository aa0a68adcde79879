"""moto's applications, deployment groups and deployments of CodeDeploy: who runs deployments, and answers for them.

moto keeps a deployment as `Created` for ever, knows neither configurations nor changes of groups, and shows no group's
alarms. So the whole service is answered by somebody else, whose records are kept where moto keeps its own.

Private surface used: `moto.codedeploy.models.codedeploy_backends[account][region]` with `applications`,
`deployment_groups` and `deployments`; of `moto.codedeploy.responses.CodeDeployResponse` that its methods are named as
the operations. Canary: tests/unit/harness/test_harness_moto_code_deployments.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded
from lambdakit.records import dataclass

Place = tuple[str, str]
Serve = Callable[[str, Place, Mapping[str, Any]], Mapping[str, Any]]

# The operations that are answered by somebody else -> what moto names its method for them, or would.
OPERATIONS: Final[Mapping[str, str]] = {
    "BatchGetApplications": "batch_get_applications",
    "BatchGetDeploymentGroups": "batch_get_deployment_groups",
    "BatchGetDeploymentTargets": "batch_get_deployment_targets",
    "BatchGetDeployments": "batch_get_deployments",
    "CreateApplication": "create_application",
    "CreateDeployment": "create_deployment",
    "CreateDeploymentConfig": "create_deployment_config",
    "CreateDeploymentGroup": "create_deployment_group",
    "DeleteApplication": "delete_application",
    "DeleteDeploymentConfig": "delete_deployment_config",
    "DeleteDeploymentGroup": "delete_deployment_group",
    "GetApplication": "get_application",
    "GetDeployment": "get_deployment",
    "GetDeploymentConfig": "get_deployment_config",
    "GetDeploymentGroup": "get_deployment_group",
    "GetDeploymentTarget": "get_deployment_target",
    "ListApplications": "list_applications",
    "ListDeploymentConfigs": "list_deployment_configs",
    "ListDeploymentGroups": "list_deployment_groups",
    "ListDeploymentTargets": "list_deployment_targets",
    "ListDeployments": "list_deployments",
    "ListTagsForResource": "list_tags_for_resource",
    "PutLifecycleEventHookExecutionStatus": "put_lifecycle_event_hook_execution_status",
    "StopDeployment": "stop_deployment",
    "TagResource": "tag_resource",
    "UntagResource": "untag_resource",
    "UpdateDeploymentGroup": "update_deployment_group",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What there is in an account and region. groups: by application, then by name. tags: by ARN."""

    applications: dict[str, Any]
    groups: dict[str, dict[str, Any]]
    configs: dict[str, Any]
    deployments: dict[str, Any]
    tags: dict[str, dict[str, str]]


class CodeDeployments:
    """The records of all accounts. Make it before moto's service is loaded. serve: answers an operation."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        change_when_loaded(self._change)

    def kept(self, place: Place) -> Kept:
        """The records of a place, to be read and changed."""
        from moto.codedeploy.models import codedeploy_backends

        backend: Any = codedeploy_backends[place[0]][place[1]]
        more = vars(backend)
        return Kept(
            applications=backend.applications,
            groups=backend.deployment_groups,
            configs=more.setdefault("kept_configs", {}),
            deployments=backend.deployments,
            tags=more.setdefault("kept_tags", {}),
        )

    def refuse(self, code: str, message: str) -> Exception:
        """The exception that makes moto answer with an error of the API."""
        from moto.core.exceptions import JsonRESTError

        return JsonRESTError(code, message)

    def _change(self, module: ModuleType) -> None:
        if module.__name__ == "moto.codedeploy.responses":
            responses: Any = vars(module)["CodeDeployResponse"]
            for operation, method in OPERATIONS.items():
                setattr(responses, method, self._answering(operation))

    def _answering(self, operation: str) -> Callable[[Any], str]:
        def answer(response: Any) -> str:
            given = json.loads(response.body or "{}")
            return json.dumps(self._serve(operation, (response.current_account, response.region), given))

        return answer
