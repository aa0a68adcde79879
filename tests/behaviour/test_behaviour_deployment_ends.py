"""Deployments that end and are reset, and stacks beside one another: what is left in the account, and what is told."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import AssemblyError, DeploymentError, LambdakitError
from tests.fakes.account_contents import account_contents, refusal_of
from tests.fakes.plain_assembly import function, table, write_stack, write_stacks
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.whole_stack import ECHO, WHOLE
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-deployment")


class TestDestroy:
    def test_the_account_is_as_it_was(self, harness: WiredHarness, stacks: Stacks) -> None:
        before = account_contents(harness)
        deployment = stacks.deploy(WHOLE)
        name = deployment["functions"][0]["name"]
        during = account_contents(harness)
        harness.invoke(name, qualifier="live")

        stacks.destroy()

        harness.drain()
        assert account_contents(harness) == before
        assert all(len(during[kind]) > len(before[kind]) for kind in before)
        assert harness.invoke(name).status == 404

    def test_twice_is_an_error_of_the_caller(self, harness: WiredHarness, stacks: Stacks) -> None:
        deployment = stacks.deploy(ECHO)
        stacks.destroy()

        for change in (harness.destroy, harness.reset):
            with pytest.raises(DeploymentError, match="LK302"):
                change(deployment)

    def test_what_somebody_else_deleted_is_no_trouble(self, harness: WiredHarness, stacks: Stacks) -> None:
        before = account_contents(harness)
        deployment = stacks.deploy(WHOLE)
        harness.aws("dynamodb").delete_table(TableName=physical_id(deployment, "Table"))
        harness.aws("logs").delete_log_group(logGroupName=physical_id(deployment, "FnLogs"))
        harness.aws("apigatewayv2").delete_api(ApiId=physical_id(deployment, "Api"))
        harness.aws("events").delete_rule(Name=physical_id(deployment, "Rule"))

        stacks.destroy()

        assert account_contents(harness) == before

    def test_a_last_snapshot_is_taken_where_the_policy_asks_for_it(self, harness: WiredHarness, stacks: Stacks) -> None:
        """CloudFormation Template Reference, "DeletionPolicy attribute" (`Snapshot`)."""
        database = {
            "Engine": "mysql",
            "DBInstanceClass": "db.t3.micro",
            "AllocatedStorage": "20",
            "MasterUsername": "shop",
            "MasterUserPassword": "secret-1234",
        }
        volume = {"Type": "AWS::EC2::Volume", "Properties": {"Size": 3, "AvailabilityZone": "us-east-1a"}}
        after = harness.position()
        deployment = stacks.deploy(
            {
                "Data": {"Type": "AWS::RDS::DBInstance", "Properties": database, "DeletionPolicy": "Snapshot"},
                "Gone": {"Type": "AWS::RDS::DBInstance", "Properties": database, "DeletionPolicy": "Delete"},
                "Disk": {**volume, "DeletionPolicy": "Snapshot"},
                "Graph": {"Type": "AWS::Neptune::DBCluster", "DeletionPolicy": "Snapshot"},
            }
        )
        rds, ec2 = harness.aws("rds"), harness.aws("ec2")

        stacks.destroy()

        (snapshot,) = rds.describe_db_snapshots()["DBSnapshots"]
        assert snapshot["DBInstanceIdentifier"] == physical_id(deployment, "Data")
        disks = ec2.describe_snapshots(Filters=[{"Name": "volume-id", "Values": [physical_id(deployment, "Disk")]}])
        assert [one["VolumeSize"] for one in disks["Snapshots"]] == [3]
        assert rds.describe_db_instances()["DBInstances"] == []
        told = {event["function"]: event["note"] for event in harness.events("RuntimeNote", after=after)}
        assert (
            told["Data"]
            == f"the snapshot {snapshot['DBSnapshotIdentifier']} of {physical_id(deployment, 'Data')} stays"
        )
        assert "deleted without a snapshot" in told["Graph"]
        rds.delete_db_snapshot(DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"])
        ec2.delete_snapshot(SnapshotId=disks["Snapshots"][0]["SnapshotId"])

    def test_a_running_invocation_is_no_trouble(self, harness: WiredHarness, stacks: Stacks) -> None:
        source = "import threading\ndef handler(event, context):\n    print('here')\n    threading.Event().wait(1)\n"
        deployment = stacks.deploy(function("Fn", source))
        name = deployment["functions"][0]["name"]
        after = harness.position()
        call = threading.Thread(target=harness.invoke, args=(name,))
        call.start()
        while not harness.call("GET", f"trace?after={after}&wait_seconds=10").json()["events"]:
            assert call.is_alive(), "the invocation ended without a trace"

        stacks.destroy()
        call.join(20)

        assert not call.is_alive()
        assert harness.invoke(name).status == 404


class TestReset:
    def test_data_and_logs_are_gone_and_the_functions_start_cold(self, harness: WiredHarness, stacks: Stacks) -> None:
        source = """
        count = 0

        def handler(event, context):
            global count
            count += 1
            print(count, end="")
            return count
        """
        deployment = stacks.deploy(function("Fn", source) | table("Table"))
        name, rows = deployment["functions"][0]["name"], physical_id(deployment, "Table")
        for key in "abc":
            harness.aws("dynamodb").put_item(TableName=rows, Item={"id": {"S": key}})
        counts = [harness.invoke(name).json() for _ in range(2)]

        harness.reset(deployment)

        harness.drain()
        group = physical_id(deployment, "FnLogs")
        streams = harness.aws("logs").describe_log_streams(logGroupName=group)["logStreams"]
        assert counts == [1, 2]
        assert streams == []
        assert harness.aws("dynamodb").scan(TableName=rows)["Count"] == 0
        assert harness.invoke(name).json() == 1

    def test_what_cannot_be_made_anew_is_told(self, harness: WiredHarness, stacks: Stacks) -> None:
        deployment = stacks.deploy(table("Table", DeletionProtectionEnabled=True))
        name, dynamodb = physical_id(deployment, "Table"), harness.aws("dynamodb")
        lifetime = {"Enabled": True, "AttributeName": "gone_at"}
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=lifetime)

        with pytest.raises(DeploymentError) as refused:
            harness.reset(deployment)

        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        (diagnostic,) = refused.value.diagnostics
        assert diagnostic.code == "LK321"
        assert diagnostic.pointer.endswith(": Resources.Table")


class TestStacks:
    def test_one_may_use_what_another_exports(self, harness: WiredHarness, tmp_path: Path) -> None:
        first = {
            "Resources": table("Table"),
            "Outputs": {"Name": {"Value": {"Ref": "Table"}, "Export": {"Name": "first:table"}}},
        }
        uses = {"Variables": {"TABLE": {"Fn::ImportValue": "first:table"}}}
        source = "import os\ndef handler(event, context): return os.environ['TABLE']\n"
        second = {"Resources": function("Fn", source, Environment=uses)}
        assembly = write_stacks(tmp_path, {"second": second, "first": first}, dependencies={"second": ["first"]})

        deployment = harness.deploy(assembly, stacks=["second"])
        answer = harness.invoke(deployment["functions"][0]["name"])
        harness.destroy(deployment)

        assert list(deployment["stacks"]) == ["first", "second"]
        assert answer.json() == deployment["stacks"]["first"]["outputs"]["Name"]

    def test_one_may_use_it_without_saying_so_where_the_cdk_deploys_them_in_that_order(
        self, harness: WiredHarness, tmp_path: Path
    ) -> None:
        """Stacks that say nothing of one another go by their names, not by the order in which the app made them."""
        exports = {"Name": {"Value": {"Ref": "Table"}, "Export": {"Name": "stateful:table"}}}
        stateful = {"Resources": table("Table"), "Outputs": exports}
        uses = {"Name": {"Value": {"Fn::ImportValue": "stateful:table"}}}
        stateless = {"Resources": table("Other"), "Outputs": uses}
        assembly = write_stacks(tmp_path, {"app-stateless": stateless, "app-stateful": stateful})

        deployment = harness.deploy(assembly)
        harness.destroy(deployment)

        assert list(deployment["stacks"]) == ["app-stateful", "app-stateless"]
        outputs = {name: stack["outputs"]["Name"] for name, stack in deployment["stacks"].items()}
        assert outputs["app-stateless"] == outputs["app-stateful"]

    def test_a_missing_export_is_told_and_undone(self, harness: WiredHarness, tmp_path: Path) -> None:
        uses = {"Variables": {"TABLE": {"Fn::ImportValue": "missing"}}}

        error = refusal_of(harness, tmp_path, function("Fn", Environment=uses))

        assert 'no stack exports "missing"' in str(error)
        assert "Resources.Fn" in str(error)

    def test_a_name_is_taken_once(self, harness: WiredHarness, tmp_path: Path) -> None:
        assembly = write_stack(tmp_path, "taken", ECHO)
        deployment = harness.deploy(assembly)

        with pytest.raises(
            DeploymentError, match=r"a stack called taken is deployed already, by deployment-\d+ \[LK301\]"
        ):
            harness.deploy(assembly)

        assert harness.invoke(deployment["functions"][0]["name"]).status == 200
        harness.destroy(deployment)

    def test_two_may_be_deployed_at_once(self, harness: WiredHarness, tmp_path: Path) -> None:
        deployments: dict[str, dict[str, Any]] = {}

        def deploy(name: str) -> None:
            deployments[name] = harness.deploy(write_stack(tmp_path / name, name, WHOLE))

        threads = [threading.Thread(target=deploy, args=(name,)) for name in ("one", "two", "three")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert set(deployments) == {"one", "two", "three"}
        names = {deployment["functions"][0]["name"] for deployment in deployments.values()}
        assert len(names) == 3
        assert [harness.invoke(name).status for name in names] == [200, 200, 200]
        for deployment in deployments.values():
            harness.destroy(deployment)

    def test_parameters_and_defaults_are_filled_in(self, harness: WiredHarness, tmp_path: Path) -> None:
        template: dict[str, Any] = {
            "Parameters": {"A": {"Type": "String"}, "B": {"Type": "Number", "Default": 7}},
            "Resources": function("Fn", Environment={"Variables": {"AA": {"Ref": "A"}, "BB": {"Ref": "B"}}}),
        }
        template["Resources"]["Fn"]["Properties"]["Code"] = {
            "ZipFile": "import os\ndef handler(e, c): return [os.environ['AA'], os.environ['BB']]"
        }
        assembly = write_stacks(tmp_path, {"parameters": template})

        with pytest.raises(LambdakitError, match="A"):
            harness.deploy(assembly)
        deployment = harness.deploy(assembly, parameters={"A": "given"})
        answer = harness.invoke(deployment["functions"][0]["name"])
        harness.destroy(deployment)

        assert answer.json() == ["given", "7"]

    def test_a_directory_that_is_no_assembly_is_refused(self, harness: WiredHarness, tmp_path: Path) -> None:
        for directory in (tmp_path, tmp_path / "missing"):
            with pytest.raises(AssemblyError):
                harness.deploy(directory)

    def test_an_unknown_stack_is_refused(self, harness: WiredHarness, tmp_path: Path) -> None:
        assembly = write_stack(tmp_path, "known", ECHO)

        with pytest.raises(AssemblyError, match="unknown"):
            harness.deploy(assembly, stacks=["unknown"])

    def test_a_runtime_that_nothing_here_runs_is_deployed_and_refused_when_it_is_called(
        self, harness: WiredHarness, stacks: Stacks
    ) -> None:
        deployment = stacks.deploy(function("Fn", Runtime="java21", Handler="a.B::c"))

        answer = harness.invoke(deployment["functions"][0]["name"])

        assert answer.status == 502
        assert answer.headers["x-amzn-errortype"] == "InvalidRuntimeException"
        assert "java21" in answer.json()["Message"]
