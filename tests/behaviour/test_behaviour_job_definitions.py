"""AWS Batch's jobs name their definitions by name or ARN, with a revision or without.

Source: as in `lambdakit.harness.moto_state.job_definitions`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-services")

TRUST = {"Effect": "Allow", "Principal": {"Service": "batch.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture(scope="module")
def batch(harness: WiredHarness) -> Iterator[Any]:
    """A client, with the queue `jobs` and two revisions of the definition `report`."""
    iam, batch = harness.aws("iam"), harness.aws("batch")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = iam.create_role(RoleName="batch", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    place = batch.create_compute_environment(
        computeEnvironmentName="place", type="UNMANAGED", state="ENABLED", serviceRole=role
    )
    order = [{"order": 1, "computeEnvironment": place["computeEnvironmentArn"]}]
    batch.create_job_queue(jobQueueName="jobs", state="ENABLED", priority=1, computeEnvironmentOrder=order)
    for size in ("1", "2"):
        needs = [{"type": "VCPU", "value": size}, {"type": "MEMORY", "value": "512"}]
        container = {"image": "busybox", "resourceRequirements": needs}
        batch.register_job_definition(jobDefinitionName="report", type="container", containerProperties=container)
    yield batch
    iam.delete_role(RoleName="batch")


@pytest.mark.parametrize(
    ("form", "revision"),
    [("{arn}", 2), ("{arn}:1", 1), ("report", 2), ("report:1", 1)],
    ids=["ARN", "ARN with revision", "name", "name with revision"],
)
def test_a_definition_is_found_in_every_form(batch: Any, form: str, revision: int) -> None:
    known = batch.describe_job_definitions(jobDefinitionName="report")["jobDefinitions"]
    arn = known[0]["jobDefinitionArn"].rpartition(":")[0]

    job = batch.submit_job(jobName="report-job", jobQueue="jobs", jobDefinition=form.format(arn=arn))["jobId"]

    assert batch.describe_jobs(jobs=[job])["jobs"][0]["jobDefinition"] == f"{arn}:{revision}"


def test_one_that_is_not_there_is_refused(batch: Any) -> None:
    arn = batch.describe_job_definitions(jobDefinitionName="report")["jobDefinitions"][0]["jobDefinitionArn"]

    with pytest.raises(ClientError, match="does not exist"):
        batch.submit_job(jobName="report-job", jobQueue="jobs", jobDefinition=arn.replace("report:1", "nothing"))
