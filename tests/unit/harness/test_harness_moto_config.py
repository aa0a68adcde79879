"""What moto's AWS Config still lacks. When one of these fails, the correction of it can go."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from moto.config import models, responses
from moto.s3.models import S3Backend

from lambdakit.harness.moto_state.config_items import RECORDED
from lambdakit.harness.moto_state.config_rules import OPERATIONS

ACCOUNT = "123456789012"
REGION = "us-east-1"


@pytest.fixture
def backend() -> Any:
    return models.ConfigBackend(REGION, ACCOUNT)


def test_moto_takes_evaluations_in_test_mode_only(backend: Any) -> None:
    own = inspect.unwrap(models.ConfigBackend.put_evaluations)

    with pytest.raises(NotImplementedError):
        own(backend, [{"ComplianceType": "COMPLIANT"}], "token", False)


def test_moto_asks_its_own_lambda_for_a_rules_function() -> None:
    own = inspect.unwrap(models.Source.__init__)

    assert "moto.awslambda" in inspect.getsource(own)


def test_moto_has_no_operation_that_reads_evaluations() -> None:
    source = inspect.getsource(responses)

    assert [name for name in OPERATIONS.values() if f"def {name}(" in source] == ["put_evaluations"]


def test_moto_describes_these_and_no_other_types() -> None:
    described = set(models.RESOURCE_MAP)

    assert described - {"AWS::S3::AccountPublicAccessBlock"} == set(RECORDED)


def test_moto_keeps_the_tags_of_a_bucket_that_is_gone() -> None:
    own = inspect.unwrap(S3Backend.delete_bucket)

    assert "tagger" not in inspect.getsource(own)
