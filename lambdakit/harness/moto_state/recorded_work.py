"""Work of services that runs nowhere, and that moto would leave running for ever: taken to have ended well.

Jobs of AWS Batch are recorded as well: by itself moto starts each in Docker, which nothing here is to need or to use.
Private surface used: `emr_backends[account][region].clusters[id].steps` with `id`, `state` and `end_datetime`;
`emrcontainers_backends[account][region].job_runs[id]` with `state`; `ecs_backends[account][region].tasks[cluster]`
with a task's `task_arn`, `last_status`, `desired_status`, `stopped_reason` and `containers`;
`moto.core.config.default_user_config`. Canary: tests/behaviour/test_behaviour_state_machine_jobs.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_BATCH: Final = "moto.batch.models"
# Amazon ECS Developer Guide, "Amazon ECS stopped tasks error messages".
_EXITED: Final = "Essential container in task exited"


def record_batch_jobs() -> None:
    """From now on a job succeeds once it is submitted, and nothing is run. Idempotent."""
    change_when_loaded(_change)


def complete_step(cluster_id: str, step_id: str) -> None:
    """Completes a step of an EMR cluster."""
    from moto.emr.models import emr_backends

    for backend in _each(emr_backends):
        cluster = backend.clusters.get(cluster_id)
        for step in () if cluster is None else cluster.steps:
            if step.id == step_id:
                step.state, step.end_datetime = "COMPLETED", datetime.now(UTC)


def end_virtual_run(run_id: str) -> None:
    """Completes a job run on a virtual cluster of EMR on EKS."""
    from moto.emrcontainers.models import emrcontainers_backends

    for backend in _each(emrcontainers_backends):
        run = backend.job_runs.get(run_id)
        if run is not None and run.state == "RUNNING":
            run.state = "COMPLETED"


def end_task(task_arn: str) -> None:
    """Stops a task of ECS, as one whose containers have exited with 0."""
    from moto.ecs.models import ecs_backends

    for backend in _each(ecs_backends):
        for tasks in list(backend.tasks.values()):
            task = tasks.get(task_arn)
            if task is not None and task.last_status != "STOPPED":
                task.last_status = task.desired_status = "STOPPED"
                task.stopped_reason = _EXITED
                for container in task.containers:
                    container.last_status, container.exitCode = "STOPPED", 0


def _each(backends: Any) -> Iterator[Any]:
    for regions in list(dict.values(backends)):
        yield from list(dict.values(regions))


def _change(module: ModuleType) -> None:
    if module.__name__ == _BATCH:
        from moto.core.config import default_user_config

        default_user_config["batch"] = {"use_docker": False}
