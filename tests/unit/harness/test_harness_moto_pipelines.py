"""What moto's CodePipeline still lacks. When one of these fails, the correction of it can go."""

from __future__ import annotations

import inspect

from moto.codepipeline import models, responses

from lambdakit.harness.moto_state.pipelines import OPERATIONS


def test_moto_runs_nothing_and_takes_every_run_for_a_success() -> None:
    assert 'self.status = "Succeeded"' in inspect.getsource(models.PipelineExecution)


def test_moto_has_three_of_the_operations_of_runs() -> None:
    source = inspect.getsource(responses)

    assert [name for name in OPERATIONS.values() if f"def {name}(" in source] == [
        "start_pipeline_execution",
        "get_pipeline_execution",
        "list_pipeline_executions",
    ]


def test_moto_takes_every_principal_of_a_roles_trust_for_one_service() -> None:
    own = inspect.unwrap(models.CodePipelineBackend.create_pipeline)

    assert 'i["Principal"]["Service"] for i in trust_policy_statements' in inspect.getsource(own)
