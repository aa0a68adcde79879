"""What moto's CodeDeploy still lacks. When one of these fails, the correction of it can go."""

from __future__ import annotations

import inspect

from moto.codedeploy import models, responses

from lambdakit.harness.moto_state.code_deployments import OPERATIONS


def test_moto_runs_nothing() -> None:
    assert 'self.status = "Created"' in inspect.getsource(models.DeploymentInfo)


def test_moto_lacks_configurations_changes_hooks_and_targets() -> None:
    source = inspect.getsource(responses)

    assert [operation for operation, name in OPERATIONS.items() if f"def {name}(" not in source] == [
        "BatchGetDeploymentGroups",
        "BatchGetDeploymentTargets",
        "CreateDeploymentConfig",
        "DeleteApplication",
        "DeleteDeploymentConfig",
        "DeleteDeploymentGroup",
        "GetDeploymentConfig",
        "GetDeploymentTarget",
        "ListDeploymentConfigs",
        "ListDeploymentTargets",
        "PutLifecycleEventHookExecutionStatus",
        "StopDeployment",
        "UpdateDeploymentGroup",
    ]


def test_moto_keeps_what_the_records_are_kept_in() -> None:
    backend = models.codedeploy_backends["123456789012"]["us-east-1"]

    assert (backend.applications, backend.deployment_groups, backend.deployments) == ({}, {}, {})
