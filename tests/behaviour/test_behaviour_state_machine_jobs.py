"""Tasks of state machines that begin jobs and wait for them, and those that call any service by the SDK's name for it.

Source, unless a test says another: AWS Step Functions Developer Guide, "Integrating optimized services with Step
Functions", "Learning to use AWS service SDK integrations in Step Functions", "Handling errors in Step Functions
workflows".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-states")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"


class Task:
    """Runs one task as a machine of its own."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self._states = harness, harness.aws("stepfunctions")
        self._machines: list[str] = []

    def run(self, resource: str, parameters: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """The execution, described once it has ended."""
        task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True}
        return self.run_states({"Task": {**task, **more}})

    def run_states(self, states: Mapping[str, Any]) -> dict[str, Any]:
        """The same, of any states, begun with the first."""
        definition = {"StartAt": next(iter(states)), "States": states}
        name = f"job-{len(self._machines)}"
        machine = self._states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
        self._machines.append(machine["stateMachineArn"])
        execution = self._states.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
        self.harness.drain()
        for _ in range(4):
            if self._states.describe_execution(executionArn=execution)["status"] != "RUNNING":
                break
            assert self.harness.call("POST", "clock", {"advance_seconds": 1}).status == 200
            self.harness.drain()
        return dict(self._states.describe_execution(executionArn=execution))

    def remove(self) -> None:
        for machine in self._machines:
            self._states.delete_state_machine(stateMachineArn=machine)


@pytest.fixture
def task(harness: WiredHarness) -> Iterator[Task]:
    made = Task(harness)
    yield made
    made.remove()


def output(described: Mapping[str, Any]) -> Any:
    assert described["status"] == "SUCCEEDED", described
    return json.loads(described["output"])


def test_a_glue_job_is_waited_for(task: Task) -> None:
    glue = task.harness.aws("glue")
    glue.create_job(Name="nightly", Role=ROLE, Command={"Name": "pythonshell", "ScriptLocation": "s3://b/x.py"})

    ended = output(task.run("glue:startJobRun.sync", {"JobName": "nightly"}))

    assert (ended["JobName"], ended["JobRunState"]) == ("nightly", "SUCCEEDED")
    glue.delete_job(JobName="nightly")


def test_a_query_is_waited_for(task: Task) -> None:
    query = {"QueryString": "SELECT 1", "WorkGroup": "primary"}

    ended = output(task.run("athena:startQueryExecution.sync", query))

    assert ended["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
    assert ended["QueryExecution"]["Query"] == "SELECT 1"


def test_a_build_is_waited_for(task: Task) -> None:
    builds = task.harness.aws("codebuild")
    builds.create_project(
        name="project-of-a-machine",
        source={"type": "S3", "location": "bucket/path"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "contents_not_validated",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/service-role/builds",
    )

    ended = output(task.run("codebuild:startBuild.sync", {"ProjectName": "project-of-a-machine"}))

    assert ended["Build"]["BuildStatus"] == "SUCCEEDED"
    builds.delete_project(name="project-of-a-machine")


CLUSTER = {
    "Name": "nightly",
    "Instances": {
        "InstanceGroups": [
            {"Name": "main", "InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
            {"Name": "more", "InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 2},
        ],
        "KeepJobFlowAliveWhenNoSteps": True,
    },
    "ServiceRole": "service",
    "JobFlowRole": "instances",
    "ReleaseLabel": "emr-6.2.0",
}
STEP = {
    "Name": "first",
    "ActionOnFailure": "CONTINUE",
    "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit"]},
}


def notes(task: Task, after: int) -> list[str]:
    return [event["note"] for event in task.harness.events("RuntimeNote", after=after)]


def test_a_cluster_is_waited_for_with_its_steps_and_its_end(task: Task) -> None:
    after = task.harness.position()

    def step(action: str, then: str = "", **parameters: Any) -> dict[str, Any]:
        state = {
            "Type": "Task",
            "Resource": f"arn:aws:states:::elasticmapreduce:{action}",
            "Parameters": {"ClusterId.$": "$.made.ClusterId", **parameters},
            "ResultPath": f"$.{action.partition('.')[0]}",
        }
        return {**state, **({"Next": then} if then else {"End": True})}

    create = {**step("createCluster.sync", "Protect"), "Parameters": CLUSTER, "ResultPath": "$.made"}
    states = {
        "Create": create,
        "Protect": step("setClusterTerminationProtection", "Grow", TerminationProtected=False),
        "Grow": step("modifyInstanceGroupByName", "Run", InstanceGroupName="more", InstanceGroup={"InstanceCount": 5}),
        "Run": step("addStep.sync", "Last", Step=STEP),
        "Last": step("terminateCluster.sync"),
    }

    ended = output(task.run_states(states))

    assert ended["made"]["Cluster"]["Status"]["State"] == "WAITING"
    assert (ended["addStep"]["Step"]["Status"]["State"], ended["addStep"]["Step"]["Name"]) == ("COMPLETED", "first")
    assert ended["addStep"]["StepId"] == ended["addStep"]["Step"]["Id"]
    assert ended["terminateCluster"]["Cluster"]["Status"]["State"] == "TERMINATED"
    groups = task.harness.aws("emr").list_instance_groups(ClusterId=ended["made"]["ClusterId"])["InstanceGroups"]
    assert {group["Name"]: group["RequestedInstanceCount"] for group in groups} == {"main": 1, "more": 5}
    told = notes(task, after)
    assert [note.partition(": ")[0].rpartition(":")[2] for note in told] == [
        *("createCluster.sync", "addStep.sync", "terminateCluster.sync")
    ]
    assert all(note.endswith("recorded as ended well, nothing ran") for note in told)


@pytest.mark.parametrize(("action", "answer"), [("createCluster", "ClusterId"), ("addStep", "StepId")])
def test_a_cluster_that_is_not_waited_for_answers_with_an_id_alone(task: Task, action: str, answer: str) -> None:
    emr = task.harness.aws("emr")
    cluster = emr.run_job_flow(**CLUSTER)["JobFlowId"]

    parameters = {"ClusterId": cluster, "Step": STEP} if action == "addStep" else CLUSTER

    assert list(output(task.run(f"elasticmapreduce:{action}", parameters))) == [answer]


def test_a_task_of_a_cluster_of_containers_ends_though_nothing_runs(task: Task) -> None:
    ecs = task.harness.aws("ecs")
    ecs.create_cluster(clusterName="machines")
    ecs.register_task_definition(family="web", containerDefinitions=[{"name": "a", "image": "x", "memory": 128}])
    after = task.harness.position()

    given = {"Cluster": "machines", "TaskDefinition": "web", "LaunchType": "FARGATE"}
    ended = output(task.run("ecs:runTask.sync", given))

    assert (ended["LastStatus"], ended["StoppedReason"]) == ("STOPPED", "Essential container in task exited")
    assert notes(task, after) == ["arn:aws:states:::ecs:runTask.sync: recorded as ended well, nothing ran"]


def test_who_waits_for_a_token_of_containers_is_told_to_send_it(task: Task) -> None:
    ecs = task.harness.aws("ecs")
    ecs.create_cluster(clusterName="machines")
    ecs.register_task_definition(family="web", containerDefinitions=[{"name": "a", "image": "x", "memory": 128}])
    after = task.harness.position()

    given = {"Cluster": "machines", "TaskDefinition": "web", "LaunchType": "FARGATE"}
    described = task.run("ecs:runTask.waitForTaskToken", given)

    assert described["status"] == "RUNNING"
    assert "nothing runs that could send the task token: send it with SendTaskSuccess" in notes(task, after)[0]
    task.harness.aws("stepfunctions").stop_execution(executionArn=described["executionArn"])


def test_a_batch_job_is_recorded_and_waited_for(task: Task) -> None:
    batch, iam = task.harness.aws("batch"), task.harness.aws("iam")
    service = iam.create_role(RoleName="batching", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    environment = batch.create_compute_environment(
        computeEnvironmentName="here", type="UNMANAGED", state="ENABLED", serviceRole=service
    )["computeEnvironmentArn"]
    order = [{"order": 1, "computeEnvironment": environment}]
    queue = batch.create_job_queue(jobQueueName="queue", state="ENABLED", priority=1, computeEnvironmentOrder=order)[
        "jobQueueArn"
    ]
    container = {"image": "busybox", "vcpus": 1, "memory": 128, "command": ["ls"]}
    definition = batch.register_job_definition(
        jobDefinitionName="listing", type="container", containerProperties=container
    )["jobDefinitionArn"]

    given = {"JobName": "list", "JobQueue": queue, "JobDefinition": definition}
    ended = output(task.run("batch:submitJob.sync", given))

    assert ended["Status"] == "SUCCEEDED"
    iam.delete_role(RoleName="batching")


def test_runs_of_serverless_and_virtual_clusters_are_waited_for(task: Task) -> None:
    emr = task.harness.aws("emr-serverless")
    application = emr.create_application(name="a", releaseLabel="emr-6.6.0", type="SPARK")["applicationId"]
    driver = {"SparkSubmit": {"EntryPoint": "s3://bucket/job.py"}}
    virtual = task.harness.aws("emr-containers").create_virtual_cluster(
        name="v", containerProvider={"id": "e", "type": "EKS", "info": {"eksInfo": {"namespace": "n"}}}
    )["id"]

    given = {"ApplicationId": application, "ExecutionRoleArn": ROLE, "JobDriver": driver}
    serverless = output(task.run("emr-serverless:startJobRun.sync", given))
    given = {
        "VirtualClusterId": virtual,
        "ExecutionRoleArn": ROLE,
        "ReleaseLabel": "emr-6.2.0-latest",
        "JobDriver": {"SparkSubmitJobDriver": {"EntryPoint": "s3://bucket/job.py"}},
        "Name": "n",
    }
    containers = output(task.run("emr-containers:startJobRun.sync", given))

    assert serverless["JobRun"]["State"] == "SUCCESS"
    assert containers["State"] == "COMPLETED"


@pytest.mark.parametrize("resource", ["glue:startJobRun.waitForTaskToken", "codebuild:startBuildBatch.sync"])
def test_a_way_of_waiting_that_is_not_served_fails_by_name(task: Task, resource: str) -> None:
    described = task.run(resource, {"JobName": "nightly"})

    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")
    assert resource in described["cause"]


@pytest.mark.parametrize("resource", ["bedrockagentcore:invokeHarness"])
def test_a_machine_is_made_with_a_task_that_nothing_stands_for(task: Task, resource: str) -> None:
    described = task.run(resource, {"ApiEndpoint": "https://example.com", "Method": "GET"})

    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")
    assert f"arn:aws:states:::{resource} is not served here" in described["cause"]


@pytest.mark.parametrize(
    ("resource", "parameters", "error"),
    [
        ("aws-sdk:s3:getObject", {"Bucket": "nowhere-at-all", "Key": "k"}, "S3.NoSuchBucketException"),
        ("aws-sdk:dynamodb:scan", {"TableName": "nowhere"}, "DynamoDb.ResourceNotFoundException"),
        ("aws-sdk:sfn:describeExecution", {"ExecutionArn": "arn"}, "Sfn.InvalidArnException"),
        (
            "aws-sdk:secretsmanager:getSecretValue",
            {"SecretId": "nowhere"},
            "SecretsManager.ResourceNotFoundException",
        ),
        ("ecs:runTask", {"Cluster": "nowhere", "TaskDefinition": "t"}, "ECS.ClusterNotFoundException"),
        ("codebuild:startBuild.sync", {"ProjectName": "nowhere"}, "CodeBuild.ResourceNotFoundException"),
    ],
)
def test_an_error_has_the_name_that_a_catcher_looks_for(
    task: Task, resource: str, parameters: Mapping[str, Any], error: str
) -> None:
    described = task.run(resource, parameters)

    assert (described["status"], described["error"]) == ("FAILED", error)
    assert "reached max retries" not in described["cause"]


@pytest.mark.parametrize(
    ("resource", "parameters", "member"),
    [
        ("eventbridge:listEventBuses", {}, "EventBuses"),
        ("cloudwatchlogs:describeLogGroups", {}, "LogGroups"),
        ("cognitoidentityprovider:listUserPools", {"MaxResults": 1}, "UserPools"),
        ("elasticloadbalancingv2:describeLoadBalancers", {}, "LoadBalancers"),
        ("configservice:describeConfigRules", {}, "ConfigRules"),
        ("servicediscovery:listNamespaces", {}, "Namespaces"),
    ],
)
def test_a_service_is_called_by_the_name_that_the_sdk_for_java_has_for_it(
    task: Task, resource: str, parameters: Mapping[str, Any], member: str
) -> None:
    assert member in output(task.run(f"aws-sdk:{resource}", parameters))


def test_a_choice_without_a_match_has_its_own_error(task: Task) -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "Never"}]}
    described = task.run_states({"Which": choice, "Never": {"Type": "Succeed"}})

    assert (described["status"], described["error"]) == ("FAILED", "States.NoChoiceMatched")
    assert "'Which'" in described["cause"]


def test_times_are_texts(task: Task) -> None:
    parameters = task.harness.aws("ssm")
    parameters.put_parameter(Name="from-a-machine", Value="v", Type="String")

    told = output(task.run("aws-sdk:ssm:getParameter", {"Name": "from-a-machine"}))

    assert told["Parameter"]["LastModifiedDate"].endswith("Z")
    parameters.delete_parameter(Name="from-a-machine")


@pytest.mark.parametrize(("content", "told"), [(b'{"a": 1}', '{"a": 1}'), (b"\xff\xfe", "//4=")], ids=["text", "bytes"])
def test_an_objects_body_is_a_text(task: Task, content: bytes, told: str) -> None:
    objects = task.harness.aws("s3")
    objects.create_bucket(Bucket="read-by-a-machine")
    objects.put_object(Bucket="read-by-a-machine", Key="k", Body=content)

    answer = output(task.run("aws-sdk:s3:getObject", {"Bucket": "read-by-a-machine", "Key": "k"}))

    assert (answer["Body"], answer["ContentLength"]) == (told, len(content))
    objects.delete_object(Bucket="read-by-a-machine", Key="k")
    objects.delete_bucket(Bucket="read-by-a-machine")


def test_what_should_be_a_text_or_bytes_is_written_as_json(task: Task) -> None:
    objects = task.harness.aws("s3")
    objects.create_bucket(Bucket="written-by-a-machine")

    put = {"Bucket": "written-by-a-machine", "Key": "k", "Body": {"a": [1]}, "Metadata": {"n": 5}}
    output(task.run("aws-sdk:s3:putObject", put))

    kept = objects.get_object(Bucket="written-by-a-machine", Key="k")
    assert (kept["Body"].read(), kept["Metadata"]) == (b'{"a":[1]}', {"n": "5"})
    objects.delete_object(Bucket="written-by-a-machine", Key="k")
    objects.delete_bucket(Bucket="written-by-a-machine")


def test_a_models_answer_is_a_value(task: Task) -> None:
    answer = output(task.run("bedrock:invokeModel", {"ModelId": "m", "Body": {"prompt": "hello"}}))

    assert isinstance(answer["Body"], dict)
