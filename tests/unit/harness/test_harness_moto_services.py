"""The services behind the account answer with what the extra `harness` declares, and nothing more.

moto imports a service's packages when the service is first asked. Its own extras bring far more than these services
need, so pyproject.toml names the packages one by one; one that is missing there fails here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

pytestmark = pytest.mark.xdist_group("moto")  # one process answers them all

_ROOT: Final = Path(__file__).parents[3]

# Call -> what an empty account answers.
_ANSWERS: Final[Mapping[str, object]] = {
    "apigateway.get_rest_apis": [],
    "apigatewayv2.get_apis": [],
    "cloudwatch.describe_alarms": [],
    "cognito-idp.list_user_pools": [],
    "dynamodb.list_tables": [],
    "ec2.describe_instances": [],
    "elbv2.describe_load_balancers": [],
    "events.list_rules": [],
    "firehose.list_delivery_streams": [],
    "iam.list_roles": [],
    "kinesis.list_streams": [],
    "kms.list_keys": [],
    "logs.describe_log_groups": [],
    "s3.list_buckets": [],
    "scheduler.list_schedules": [],
    "secretsmanager.list_secrets": [],
    "sns.list_topics": [],
    "sqs.list_queues": [],
    "ssm.describe_parameters": [],
    "stepfunctions.list_state_machines": [],
    "sts.get_caller_identity": "123456789012",
    "dynamodb.execute_statement": [{"id": {"S": "1"}}],
    "stepfunctions.create_state_machine": "arn:aws:states:us-east-1:123456789012:stateMachine:orders",
    "apigateway.import_rest_api": "orders",
    "cognito-idp.admin_initiate_auth": "Bearer",
}


@pytest.fixture(scope="module")
def answers() -> Mapping[str, object]:
    return _call(_ROOT / "pyproject.toml")


@pytest.mark.parametrize("call", _ANSWERS)
def test_service_answers_with_the_declared_packages(answers: Mapping[str, object], call: str) -> None:
    assert answers[call] == _ANSWERS[call]


def test_every_call_has_an_expected_answer(answers: Mapping[str, object]) -> None:
    assert answers.keys() == _ANSWERS.keys()


def test_package_that_is_not_declared_is_missed(tmp_path: Path) -> None:
    declaration = (_ROOT / "pyproject.toml").read_text()
    without = tmp_path / "pyproject.toml"
    without.write_text("\n".join(line for line in declaration.splitlines() if '"joserfc' not in line))

    answers = _call(without, "cognito-idp.list_user_pools")

    answer = answers["cognito-idp.list_user_pools"]
    assert "moto needs the Python package joserfc for this service, which is not installed" in answer


def _call(pyproject: Path, *calls: str) -> dict[str, Any]:
    child = subprocess.run(
        [sys.executable, "-m", "tests.fakes.moto_service_calls", str(pyproject), *calls],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    answers: dict[str, Any] = json.loads(child.stdout)
    return answers
