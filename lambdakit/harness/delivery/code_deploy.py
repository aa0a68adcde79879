"""CodeDeploy for functions, put together: what starts deployments, and who answers for them.

    CreateDeployment -> a deployment by the clock
    the update of a stack -> one that waits for none of its minutes

Deployments to instances and to services of ECS run nowhere here. Triggers of topics, and events on the default bus
are not sent.
Source: AWS CodeDeploy API Reference, of each operation. Where the reference has no text for an error, the text is ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.arn import partition_of
from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.alarm_messages import Transition
from lambdakit.harness.delivery.app_spec import AppSpec, AppSpecInvalid, read_app_spec
from lambdakit.harness.delivery.code_deployment_endings import FAILED, app_spec_invalid, stopped
from lambdakit.harness.delivery.code_deployment_groups import DeploymentGroups, Given
from lambdakit.harness.delivery.code_deployment_runs import DeploymentRuns
from lambdakit.harness.delivery.code_deployments import SUCCEEDED, Deployment, DeployRefused, Hook, Place, new_id
from lambdakit.harness.delivery.function_aliases import FunctionAliases
from lambdakit.harness.delivery.function_calls import FunctionCalls
from lambdakit.harness.delivery.targets import Clients
from lambdakit.harness.delivery.traffic_shifts import LAMBDA, shifts
from lambdakit.harness.invocation.shipment import Clients as RoleClients
from lambdakit.harness.moto_state.code_deployments import CodeDeployments
from lambdakit.trace import TraceLog

_PRINCIPAL: Final = "codedeploy."
_NONE: Final = AppSpec(function="", alias="", current="", target="", hooks={})


class CodeDeploy:
    """Starts with the harness. Make it before moto's services are loaded.

    clients: of the account's administrator. role_clients: in a session of a role. submit: runs a job on another thread.
    """

    def __init__(
        self,
        calls: FunctionCalls,
        aliases: FunctionAliases,
        *,
        clients: Clients,
        role_clients: RoleClients,
        clock: Scheduler,
        activity: Activity,
        trace: TraceLog,
        submit: Callable[[Callable[[], None]], None],
    ) -> None:
        self._clients = clients
        self._role_clients = role_clients
        self._clock = clock
        self._held = CodeDeployments(self._serve)
        self._groups = DeploymentGroups(self._held.kept, now=clock.now, trusts=self._trusts)
        self._runs = DeploymentRuns(
            calls,
            aliases,
            role_clients,
            group_of=lambda deployment: self._group_of(deployment) or {},
            keep=self._keep,
            clock=clock,
            activity=activity,
            trace=trace,
            submit=submit,
        )
        self._operations: Mapping[str, Callable[[Place, Given], Given]] = {
            **self._groups.operations,
            "CreateDeployment": self._create,
            "GetDeployment": lambda place, given: {"deploymentInfo": self._shown(self._found(place, given))},
            "BatchGetDeployments": self._get_all,
            "ListDeployments": self._list,
            "ListDeploymentTargets": lambda place, given: {"targetIds": [self._found(place, given).target_id]},
            "GetDeploymentTarget": self._target,
            "BatchGetDeploymentTargets": self._targets,
            "StopDeployment": self._stop,
            "PutLifecycleEventHookExecutionStatus": self._report,
        }
        self._active: dict[str, Deployment] = {}

    def run(self, place: Place, given: Given, quiet: Callable[[], bool]) -> Deployment:
        """A deployment, run to its end; none of its minutes is waited for. DeployRefused for what cannot be.

        given: as `CreateDeployment` takes it. quiet: whether nothing is under way any more.
        """
        deployment = self._made(place, given, quiet)
        self._runs.run(deployment)
        return deployment

    def alarm_changed(self, change: Transition) -> None:
        """Looks at the deployments that may stop because of an alarm."""
        if change.alarm.state.value == "ALARM":
            for deployment in list(self._active.values()):
                if deployment.is_over:
                    self._active.pop(deployment.id, None)
                elif deployment.place == change.alarm.place:
                    self._runs.look_again(deployment)

    def reset(self) -> None:
        """Begins anew: no deployment is known."""
        for deployment in list(self._active.values()):
            self._runs.forget(deployment)
            self._held.kept(deployment.place).deployments.clear()
        self._active.clear()

    def _serve(self, operation: str, place: Place, given: Given) -> Given:
        try:
            return self._operations[operation](place, given)
        except DeployRefused as refused:
            raise self._held.refuse(refused.code, refused.message) from None

    def _create(self, place: Place, given: Given) -> Given:
        deployment = self._made(place, given)
        self._runs.start(deployment)
        return {"deploymentId": deployment.id}

    def _made(self, place: Place, given: Given, quiet: Callable[[], bool] | None = None) -> Deployment:
        """A new deployment, before anything happens to it."""
        group = self._groups.group(place, given)
        platform = group["computePlatform"]
        if platform != LAMBDA:
            problem = f"deployments of the compute platform {platform} run nowhere here: only those to functions do"
            raise DeployRefused("InvalidComputePlatformException", problem)
        if not given.get("revision"):
            raise DeployRefused("RevisionRequiredException", "The revision is required.")
        application, name = str(group["applicationName"]), str(group["deploymentGroupName"])
        kept: dict[str, Deployment] = self._held.kept(place).deployments
        of_group = [one for one in kept.values() if one.group_id == group["deploymentGroupId"]]
        busy = next((one for one in of_group if not one.is_over), None)
        if busy is not None:
            problem = f"The Deployment Group '{name}' already has an active Deployment '{busy.id}'"
            raise DeployRefused("DeploymentLimitExceededException", problem)
        config = self._groups.config(place, str(given.get("deploymentConfigName") or group["deploymentConfigName"]))
        if config["computePlatform"] != LAMBDA:
            problem = f"{config['deploymentConfigName']} is not a configuration for deployments to functions"
            raise DeployRefused("InvalidDeploymentConfigNameException", problem)
        role, ending, spec = str(group["serviceRoleArn"]), None, _NONE
        try:
            spec = read_app_spec(self._text(place, role, given["revision"]))
        except AppSpecInvalid as invalid:
            ending = app_spec_invalid(str(invalid))
        deployment = Deployment(
            id=new_id(),
            place=place,
            application=application,
            group=name,
            group_id=str(group["deploymentGroupId"]),
            config=str(config["deploymentConfigName"]),
            role_arn=role,
            spec=spec,
            steps=shifts(config["trafficRoutingConfig"]),
            given=given,
            created=self._clock.now(),
            ending=ending,
            quiet=quiet,
        )
        self._keep(deployment)
        return deployment

    def _keep(self, deployment: Deployment) -> None:
        self._held.kept(deployment.place).deployments[deployment.id] = deployment
        self._active[deployment.id] = deployment

    def _text(self, place: Place, role_arn: str, revision: Given) -> str:
        """The AppSpec file of a revision. Source: "RevisionLocation"."""
        match revision.get("revisionType"):
            case "AppSpecContent":
                return str((revision.get("appSpecContent") or {}).get("content") or "")
            case "String":
                return str((revision.get("string") or {}).get("content") or "")
            case "S3":
                at = revision.get("s3Location") or {}
                version = {"VersionId": at["version"]} if at.get("version") else {}
                s3 = self._role_clients("s3", place[1], role=role_arn)
                try:
                    found = s3.get_object(Bucket=str(at.get("bucket")), Key=str(at.get("key")), **version)
                except ClientError as error:
                    raise AppSpecInvalid(str(error)) from None
                return str(found["Body"].read().decode(errors="replace"))
        problem = "The revision of a deployment to a function is one of AppSpecContent, String and S3"
        raise DeployRefused("InvalidRevisionException", problem)

    def _trusts(self, role_arn: str) -> bool:
        """Whether CodeDeploy may assume a role: one of its principals is in the role's trust policy."""
        parts = role_arn.split(":")
        if len(parts) < 6:
            return False
        try:
            iam = self._clients("iam", "us-east-1", parts[4])
            document = iam.get_role(RoleName=parts[5].rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
        except ClientError:
            return False
        policy = json.loads(document) if isinstance(document, str) else document
        held = policy.get("Statement")
        statements: list[Any] = held if isinstance(held, list) else [held or {}]
        for statement in statements:
            principal = statement.get("Principal")
            services: Any = principal.get("Service", ()) if isinstance(principal, Mapping) else ()
            named = [services] if isinstance(services, str) else services
            if statement.get("Effect") == "Allow" and any(str(one).startswith(_PRINCIPAL) for one in named):
                return True
        return False

    def _found(self, place: Place, given: Given) -> Deployment:
        name = str(given.get("deploymentId") or "")
        if not name:
            raise DeployRefused("DeploymentIdRequiredException", "At least one deployment ID must be specified.")
        found: Deployment | None = self._held.kept(place).deployments.get(name)
        if found is None:
            problem = f"The deployment {name} could not be found"
            raise DeployRefused("DeploymentDoesNotExistException", problem)
        return found

    def _group_of(self, deployment: Deployment) -> Given | None:
        groups = self._held.kept(deployment.place).groups.get(deployment.application, {})
        found: Given | None = groups.get(deployment.group)
        return found

    def _shown(self, deployment: Deployment) -> Given:
        return deployment.shown(self._group_of(deployment))

    def _get_all(self, place: Place, given: Given) -> Given:
        kept: dict[str, Deployment] = self._held.kept(place).deployments
        return {"deploymentsInfo": [self._shown(kept[name]) for name in given.get("deploymentIds", ()) if name in kept]}

    def _list(self, place: Place, given: Given) -> Given:
        """Ids; the newest first, which no page says."""
        found: list[Deployment] = list(self._held.kept(place).deployments.values())
        application, group = given.get("applicationName"), given.get("deploymentGroupName")
        if application and not group:
            raise DeployRefused("DeploymentGroupNameRequiredException", "The deployment group name is required.")
        if group and not application:
            raise DeployRefused("ApplicationNameRequiredException", "The application name is required.")
        if application:
            group_id = self._groups.group(place, given)["deploymentGroupId"]
            found = [one for one in found if one.group_id == group_id]
        statuses = given.get("includeOnlyStatuses")
        between = given.get("createTimeRange") or {}
        first, last = between.get("start"), between.get("end")
        if first is not None and last is not None and first > last:
            problem = "The start time must be earlier than the end time."
            raise DeployRefused("InvalidTimeRangeException", problem)
        return {
            "deployments": [
                one.id
                for one in reversed(found)
                if (not statuses or one.status in statuses)
                and (first is None or one.created.timestamp() >= first)
                and (last is None or one.created.timestamp() <= last)
            ]
        }

    def _target(self, place: Place, given: Given) -> Given:
        deployment = self._found(place, given)
        if given.get("targetId") != deployment.target_id:
            problem = f"The deployment {deployment.id} has no target {given.get('targetId')}"
            raise DeployRefused("DeploymentTargetDoesNotExistException", problem)
        account_id, region = place
        return {
            "deploymentTarget": deployment.target(f"arn:{partition_of(region)}:lambda:{region}:{account_id}:function:")
        }

    def _targets(self, place: Place, given: Given) -> Given:
        found = [self._target(place, {**given, "targetId": target}) for target in given.get("targetIds") or ()]
        return {"deploymentTargets": [one["deploymentTarget"] for one in found]}

    def _stop(self, place: Place, given: Given) -> Given:
        deployment = self._found(place, given)
        if deployment.is_over:
            problem = f"The deployment {deployment.id} has already completed."
            raise DeployRefused("DeploymentAlreadyCompletedException", problem)
        self._runs.stop(deployment, stopped(), given.get("autoRollbackEnabled"))
        return {"status": "Pending", "statusMessage": "The deployment is being stopped."}

    def _report(self, place: Place, given: Given) -> Given:
        """Takes what a hook says of its event."""
        deployment = self._found(place, given)
        status, name = given.get("status"), str(given.get("lifecycleEventHookExecutionId") or "")
        if status not in (SUCCEEDED, FAILED):
            problem = "The result of a hook is one of Succeeded and Failed"
            raise DeployRefused("InvalidLifecycleEventHookExecutionStatusException", problem)
        hook: Hook | None = next((one for one in deployment.hooks if one.id == name), None)
        if hook is None:
            problem = f"The deployment {deployment.id} has no lifecycle event hook with this execution ID"
            raise DeployRefused("InvalidLifecycleEventHookExecutionIdException", problem)
        if hook.result is not None or deployment.is_over:
            problem = f"The lifecycle event {hook.event} of the deployment {deployment.id} has already completed"
            raise DeployRefused("LifecycleEventAlreadyCompletedException", problem)
        hook.result = status
        hook.reported.set()
        self._runs.look_again(deployment)
        return {"lifecycleEventHookExecutionId": name}
