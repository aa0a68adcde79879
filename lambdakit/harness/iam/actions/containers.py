"""ECS and EKS.

Source: Service Authorization Reference, "Amazon Elastic Container Service"; ECS Developer Guide, "Amazon ECS task
execution IAM role" (who runs a task passes the task definition's roles); API Reference: what names no cluster is about
`default`. For `eks:CreateCluster` the reference gives no resource, and the service asks about the cluster to be made:
its refusals name it (cortexlabs/cortex, issue 1232: "not authorized to perform: eks:CreateCluster on resource:
…cluster/cortex"), and the CDK's role for a cluster that has a name is allowed on that alone (aws-cdk, `aws-eks`,
cluster-resource). Who makes one passes its role: Step Functions Developer Guide, "IAM policies for calling Amazon EKS".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.iam.api_call import ApiCall, listed, member_at
from lambdakit.harness.iam.rules import Need, Rules


def _cluster(call: ApiCall) -> str:
    name = call.text("cluster") or "default"
    return name if name.startswith("arn:") else call.arn("ecs", f"cluster/{name}")


def task_definition_arn(call: ApiCall, name: str) -> str:
    """The ARN of a task definition by `family`, `family:revision` or its ARN; of no revision that of any."""
    if name.startswith("arn:"):
        return name
    return call.arn("ecs", f"task-definition/{name}" if ":" in name else f"task-definition/{name}:*")


def _task_definitions(call: ApiCall) -> Sequence[str]:
    names: list[Any] = [*listed(call.members.get("taskDefinitions")), call.text("taskDefinition", "family")]
    return [task_definition_arn(call, name) for name in names if isinstance(name, str) and name]


def _run(call: ApiCall) -> Sequence[Need] | None:
    name = call.text("taskDefinition")
    if not name:
        return None
    definition = task_definition_arn(call, name)
    overrides = [member_at(call.members, f"overrides.{member}") for member in ("taskRoleArn", "executionRoleArn")]
    roles = [role for role in overrides if isinstance(role, str) and role.startswith("arn:")]
    roles += call.lookups.task_roles(call.account_id, call.region, name)
    needs = [Need(action=f"ecs:{call.operation}", resources=(definition,))]
    if roles:
        keys = {"iam:passedtoservice": ("ecs-tasks.amazonaws.com",)}
        needs.append(Need(action="iam:PassRole", resources=tuple(dict.fromkeys(roles)), keys=keys))
    return needs


# Their input names a service or what it ran by an ARN alone, and so no cluster.
_WITHOUT_CLUSTER: Final = frozenset(
    {"DeleteExpressGatewayService", "DescribeExpressGatewayService", "UpdateExpressGatewayService"}
    | {"DescribeServiceDeployments", "DescribeServiceRevisions", "StopServiceDeployment"}
)


def _more_keys(call: ApiCall) -> Mapping[str, tuple[str, ...]]:
    return {} if call.operation in _WITHOUT_CLUSTER else {"ecs:cluster": (_cluster(call),)}


ECS: Final = Rules(
    members={
        "ClusterName": ("cluster", "clusters", "clusterName", "clusterArn"),
        "service.ServiceName": ("service", "services", "serviceName", "serviceArn"),
        "task.TaskId": ("task", "tasks"),
        "container-instance.ContainerInstanceId": ("containerInstance", "containerInstances"),
        "task-set.TaskSetId": ("taskSet", "taskSets"),
        "task-set.ServiceName": ("service",),
        "service-deployment.ServiceDeploymentId": ("serviceDeploymentArn", "serviceDeploymentArns"),
        "service-revision.ServiceRevisionId": ("serviceRevisionArn", "serviceRevisionArns"),
    },
    defaults={"ClusterName": "default"},
    resources={"task-definition": _task_definitions},
    readers={"RunTask": _run, "StartTask": _run},
    any_of=frozenset({"DescribeServiceDeployments", "DescribeServiceRevisions", "StopServiceDeployment"}),
    opaque=frozenset({"DeleteAttributes", "PutAttributes"}),
    more_keys=_more_keys,
)


def _make_cluster(call: ApiCall) -> Sequence[Need] | None:
    name = call.text("name")
    return [Need(action="eks:CreateCluster", resources=(call.arn("eks", f"cluster/{name}"),))] if name else None


EKS: Final = Rules(readers={"CreateCluster": _make_cluster}, pass_role=frozenset({"CreateCluster"}))
