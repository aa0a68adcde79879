"""The CloudFormation API: stacks that use one another's exports, and stacks beside deployments.

Source: AWS CloudFormation API Reference; CloudFormation User Guide, "Get exported outputs from a deployed
CloudFormation stack".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import DeploymentError
from tests.fakes.cloudformation import CloudFormation, queue, queues
from tests.fakes.plain_assembly import write_stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cloudformation-stacks")


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "api")
    yield cloudformation
    cloudformation.clean()


def exporting(value: Any, name: str = "shared") -> dict[str, Any]:
    return queues("A", Outputs={"Out": {"Value": value, "Export": {"Name": name}}})


IMPORTING = {"Resources": {"B": queue(QueueName={"Fn::Sub": ["api-${x}", {"x": {"Fn::ImportValue": "shared"}}]})}}


class TestExports:
    def test_they_are_listed_with_who_uses_them(self, cloudformation: CloudFormation) -> None:
        identity = cloudformation.create(exporting("one"), StackName="api-exporter")
        cloudformation.create(IMPORTING, StackName="api-importer")

        assert cloudformation.client.list_exports()["Exports"] == [
            {"ExportingStackId": identity, "Name": "shared", "Value": "one"}
        ]
        assert cloudformation.client.list_imports(ExportName="shared")["Imports"] == ["api-importer"]
        assert cloudformation.refusal("list_imports", ExportName="nobody") == (
            "ValidationError",
            "Export 'nobody' is not imported by any stack.",
        )

    def test_one_that_is_used_does_not_change(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(exporting("one"), StackName="api-exporter")
        cloudformation.create(IMPORTING, StackName="api-importer")

        cloudformation.update(exporting("two"), StackName="api-exporter")

        assert cloudformation.status("api-exporter") == "UPDATE_ROLLBACK_COMPLETE"
        assert "Export shared cannot be updated as it is in use by api-importer" in str(
            cloudformation.reasons("api-exporter")
        )
        assert cloudformation.outputs("api-exporter") == {"Out": "one"}

    def test_one_of_a_nested_stack_keeps_it_and_what_holds_it(self, cloudformation: CloudFormation) -> None:
        s3 = cloudformation.harness.aws("s3")
        s3.create_bucket(Bucket="api-nested")
        s3.put_object(Bucket="api-nested", Key="inner.json", Body=json.dumps(exporting("one")))
        url = "https://api-nested.s3.us-east-1.amazonaws.com/inner.json"
        nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
        cloudformation.create({"Resources": {"Inner": nested, "Q": queue()}}, StackName="api-exporter")
        inner = cloudformation.physical_id("Inner", "api-exporter")
        cloudformation.create(IMPORTING, StackName="api-importer")

        cloudformation.delete("api-exporter")

        reason = "Export shared cannot be deleted as it is in use by api-importer"
        assert cloudformation.status("api-exporter") == "DELETE_FAILED"
        assert cloudformation.reasons("api-exporter")["Inner", "DELETE_FAILED"] == reason
        assert cloudformation.status(inner) == "DELETE_FAILED"
        assert [export["Value"] for export in cloudformation.client.list_exports()["Exports"]] == ["one"]
        cloudformation.delete("api-importer")
        cloudformation.delete("api-exporter")
        assert cloudformation.status(inner) == "DELETE_COMPLETE"
        assert cloudformation.queue_names() == set()

    def test_an_export_in_use_keeps_its_stack(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(exporting("one"), StackName="api-exporter")
        cloudformation.create(IMPORTING, StackName="api-importer")

        assert cloudformation.refusal("delete_stack", StackName="api-exporter") == (
            "ValidationError",
            "Export shared cannot be deleted as it is in use by api-importer",
        )
        cloudformation.delete("api-importer")
        cloudformation.delete("api-exporter")
        assert cloudformation.client.list_exports()["Exports"] == []


class TestBesideDeployments:
    def test_what_is_deployed_is_described(self, cloudformation: CloudFormation, tmp_path: Path) -> None:
        template = queues("A", Outputs={"Url": {"Value": {"Ref": "A"}}})
        deployment = cloudformation.harness.deploy(write_stacks(tmp_path, {"api-deployed": template}))

        assert cloudformation.status("api-deployed") == "CREATE_COMPLETE"
        assert cloudformation.outputs("api-deployed") == deployment["stacks"]["api-deployed"]["outputs"]
        assert cloudformation.client.get_template(StackName="api-deployed")["TemplateBody"] == template
        assert ("A", "CREATE_COMPLETE") in cloudformation.events("api-deployed")
        cloudformation.harness.destroy(deployment)
        assert cloudformation.refusal("describe_stacks", StackName="api-deployed")[0] == "ValidationError"

    def test_a_deployment_takes_no_name_of_another_stack(self, cloudformation: CloudFormation, tmp_path: Path) -> None:
        cloudformation.create(queues("A"))

        with pytest.raises(DeploymentError, match="LK301"):
            cloudformation.harness.deploy(write_stacks(tmp_path, {"api": queues("A")}))

        assert cloudformation.status() == "CREATE_COMPLETE"

    def test_a_stack_that_was_deleted_is_no_trouble_for_its_deployment(
        self, cloudformation: CloudFormation, tmp_path: Path
    ) -> None:
        deployment = cloudformation.harness.deploy(write_stacks(tmp_path, {"api": queues("A")}))
        cloudformation.delete()
        cloudformation.create(queues("B"))

        cloudformation.harness.destroy(deployment)

        assert set(cloudformation.resources()) == {"B"}
