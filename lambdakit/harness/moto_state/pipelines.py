"""moto's pipelines of CodePipeline: who runs them, and answers for their runs.

moto keeps pipelines and takes each run for one that has succeeded at once. Its check of a pipeline's role fails over a
trust policy with anything but one service in each statement.

Private surface used: of `moto.codepipeline.models` `CodePipelineBackend.create_pipeline`, `delete_pipeline` and
`pipelines`, whose items have `pipeline`, `_created` and `_updated`, `CodePipeline`, `codepipeline_backends`; of
`moto.codepipeline.responses.CodePipelineResponse` that its methods are named as the operations; `moto.iam.models`
`IAMBackend.get_role_by_arn`. Canary: tests/unit/harness/test_harness_moto_pipelines.py.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final, Protocol

from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.records import dataclass

_PRINCIPAL: Final = "codepipeline.amazonaws.com"
_STAGES_MIN: Final = 2
Place = tuple[str, str]

# The operations that are answered by somebody else -> what moto names its method for them, or would.
OPERATIONS: Final[Mapping[str, str]] = {
    "StartPipelineExecution": "start_pipeline_execution",
    "StopPipelineExecution": "stop_pipeline_execution",
    "RetryStageExecution": "retry_stage_execution",
    "GetPipelineExecution": "get_pipeline_execution",
    "ListPipelineExecutions": "list_pipeline_executions",
    "ListActionExecutions": "list_action_executions",
    "GetPipelineState": "get_pipeline_state",
    "PutApprovalResult": "put_approval_result",
    "PutJobSuccessResult": "put_job_success_result",
    "PutJobFailureResult": "put_job_failure_result",
    "GetJobDetails": "get_job_details",
    "AcknowledgeJob": "acknowledge_job",
    "PollForJobs": "poll_for_jobs",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPipeline:
    """A pipeline. declared: as the API has it."""

    declared: Mapping[str, Any]
    created: datetime
    updated: datetime


class PipelineWatch(Protocol):
    """Who runs pipelines."""

    def created(self, place: Place, name: str) -> None:
        """A pipeline is there."""

    def deleted(self, place: Place, name: str) -> None:
        """A pipeline is gone."""

    def serve(self, operation: str, place: Place, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to an operation. Raises what `refuse` gives."""


class Pipelines:
    """The pipelines of all accounts. Make it before moto's service is loaded."""

    def __init__(self, watch: PipelineWatch) -> None:
        self._watch = watch
        change_when_loaded(self._change)

    def find(self, place: Place, name: str) -> KeptPipeline | None:
        """A pipeline; None without one."""
        models: Any = loaded("moto.codepipeline.models")
        held = None if models is None else models.codepipeline_backends[place[0]][place[1]].pipelines.get(name)
        if held is None:
            return None
        return KeptPipeline(
            declared=held.pipeline, created=_with_zone(held._created), updated=_with_zone(held._updated)
        )

    def all(self, place: Place | None = None) -> list[tuple[Place, str]]:
        """Every pipeline by place and name. Absence of `place`: of every account and region."""
        models: Any = loaded("moto.codepipeline.models")
        if models is None:
            return []
        return [
            ((account_id, region), name)
            for account_id, regions in list(models.codepipeline_backends.items())
            for region, backend in list(regions.items())
            if place in (None, (account_id, region))
            for name in list(backend.pipelines)
        ]

    def refuse(self, code: str, message: str) -> Exception:
        """The exception that makes moto answer with an error of the API."""
        from moto.core.exceptions import JsonRESTError

        return JsonRESTError(code, message)

    def _change(self, module: ModuleType) -> None:
        names: Any = vars(module)
        if module.__name__ == "moto.codepipeline.models":
            backend = names["CodePipelineBackend"]
            made = names["CodePipeline"]
            backend.create_pipeline = _around(backend.create_pipeline, functools.partial(self._create, made))
            backend.delete_pipeline = _around(backend.delete_pipeline, self._delete)
        elif module.__name__ == "moto.codepipeline.responses":
            for operation, method in OPERATIONS.items():
                setattr(names["CodePipelineResponse"], method, self._answering(operation))

    def _create(
        self, make: Any, backend: Any, own: object, pipeline: dict[str, Any], tags: list[dict[str, str]] | None
    ) -> tuple[dict[str, Any], list[dict[str, str]]]:
        del own
        name = pipeline["name"]
        if name in backend.pipelines:
            problem = f"A pipeline with the name '{name}' already exists in account '{backend.account_id}'"
            raise self.refuse("PipelineNameInUseException", problem)
        if not _trusts(backend, pipeline["roleArn"]):
            problem = f"CodePipeline is not authorized to perform AssumeRole on role {pipeline['roleArn']}"
            raise self.refuse("InvalidStructureException", problem)
        count = len(pipeline["stages"])
        if count < _STAGES_MIN:
            problem = (
                f"Pipeline has only {count} stage(s). There should be a minimum of {_STAGES_MIN} stages in a pipeline"
            )
            raise self.refuse("InvalidStructureException", problem)
        held = make(backend.account_id, backend.region_name, pipeline)
        held.validate_tags(tags or [])
        held.tags.update({tag["key"]: tag["value"] for tag in tags or []})
        backend.pipelines[name] = held
        shown = copy.deepcopy(pipeline)
        self._watch.created((backend.account_id, backend.region_name), name)
        return shown, sorted(tags or [], key=lambda tag: tag["key"])

    def _delete(self, backend: Any, own: Callable[..., Any], name: str) -> None:
        is_there = name in backend.pipelines
        own(name)
        if is_there:
            self._watch.deleted((backend.account_id, backend.region_name), name)

    def _answering(self, operation: str) -> Callable[[Any], str]:
        def answer(response: Any) -> str:
            given = json.loads(response.body or "{}")
            return json.dumps(self._watch.serve(operation, (response.current_account, response.region), given))

        return answer


def _around(own: Callable[..., Any], then: Callable[..., Any]) -> Callable[..., Any]:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def around(held: Any, *arguments: Any, **named: Any) -> Any:
        return then(held, functools.partial(own, held), *arguments, **named)

    return around


def _trusts(backend: Any, role_arn: str) -> bool:
    """Whether the role is there and CodePipeline may assume it."""
    from moto.iam.exceptions import NotFoundException

    try:
        document = json.loads(backend.iam_backend.get_role_by_arn(role_arn).assume_role_policy_document)
    except NotFoundException:
        return False
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        services = principal.get("Service", ()) if isinstance(principal, dict) else ()
        if _PRINCIPAL in ([services] if isinstance(services, str) else services):
            return True
    return False


def _with_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
