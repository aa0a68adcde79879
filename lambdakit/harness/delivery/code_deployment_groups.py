"""The applications, deployment groups and deployment configurations of CodeDeploy.

They are kept as the API shows them. What a group of another compute platform says is kept, too, and nothing reads it.
Source: AWS CodeDeploy API Reference, of each operation. Where the reference has no text for an error, the text is ours;
that of a role which CodeDeploy may not assume is the service's own, as people report it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.harness.delivery.code_deployments import Deployment, DeployRefused, Place, seconds
from lambdakit.harness.delivery.traffic_shifts import DEFAULTS, predefined, routing_problem
from lambdakit.harness.moto_state.code_deployments import Kept

Given = Mapping[str, Any]
ALARMS_MAX: Final = 10  # "AlarmConfiguration"
_PLATFORM_DEFAULT: Final = "Server"  # "CreateApplication", "CreateDeploymentConfig"
_GROUP_MEMBERS: Final = (
    *("alarmConfiguration", "autoRollbackConfiguration", "autoScalingGroups", "blueGreenDeploymentConfiguration"),
    *("deploymentConfigName", "deploymentStyle", "ec2TagFilters", "ec2TagSet", "ecsServices", "loadBalancerInfo"),
    *("onPremisesInstanceTagFilters", "onPremisesTagSet", "outdatedInstancesStrategy", "serviceRoleArn"),
    *("terminationHookEnabled", "triggerConfigurations"),
)


class DeploymentGroups:
    """Answers for what deployments are made with.

    kept: the records of a place. trusts: whether CodeDeploy may assume a role.
    """

    def __init__(
        self, kept: Callable[[Place], Kept], *, now: Callable[[], datetime], trusts: Callable[[str], bool]
    ) -> None:
        self._kept = kept
        self._now = now
        self._trusts = trusts
        self.operations: Mapping[str, Callable[[Place, Given], Given]] = {
            "CreateApplication": self._create_application,
            "GetApplication": lambda place, given: {"application": self.application(place, given)},
            "BatchGetApplications": self._get_applications,
            "DeleteApplication": self._delete_application,
            "ListApplications": lambda place, given: {"applications": list(self._kept(place).applications)},
            "CreateDeploymentConfig": self._create_config,
            "GetDeploymentConfig": lambda place, given: {
                "deploymentConfigInfo": self.config(place, str(given["deploymentConfigName"]))
            },
            "DeleteDeploymentConfig": self._delete_config,
            "ListDeploymentConfigs": self._list_configs,
            "CreateDeploymentGroup": self._create_group,
            "GetDeploymentGroup": lambda place, given: {"deploymentGroupInfo": self._shown(place, given)},
            "BatchGetDeploymentGroups": self._get_groups,
            "UpdateDeploymentGroup": self._update_group,
            "DeleteDeploymentGroup": self._delete_group,
            "ListDeploymentGroups": self._list_groups,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._tags,
        }

    def application(self, place: Place, given: Given) -> dict[str, Any]:
        """The application that a request names."""
        name = str(given.get("applicationName") or "")
        if not name:
            raise DeployRefused("ApplicationNameRequiredException", "The application name is required.")
        found = self._kept(place).applications.get(name)
        if found is None:
            problem = f"No application found for name: {name}"
            raise DeployRefused("ApplicationDoesNotExistException", problem)
        return dict(found)

    def group(self, place: Place, given: Given, member: str = "deploymentGroupName") -> dict[str, Any]:
        """The deployment group that a request names."""
        application = str(self.application(place, given)["applicationName"])
        name = str(given.get(member) or "")
        if not name:
            raise DeployRefused("DeploymentGroupNameRequiredException", "The deployment group name is required.")
        found = self._kept(place).groups.get(application, {}).get(name)
        if found is None:
            problem = f"No Deployment Group found for name: {name}"
            raise DeployRefused("DeploymentGroupDoesNotExistException", problem)
        held: dict[str, Any] = found
        return held

    def config(self, place: Place, name: str) -> Given:
        """A configuration: one of the account's own, or one that every account has."""
        found: Given | None = self._kept(place).configs.get(name) or predefined().get(name)
        if found is None:
            problem = f"No Deployment Configuration found for name: {name}"
            raise DeployRefused("DeploymentConfigDoesNotExistException", problem)
        return found

    def _create_application(self, place: Place, given: Given) -> Given:
        name = str(given.get("applicationName") or "")
        applications = self._kept(place).applications
        if name in applications:
            problem = f"Application already exists with name: {name}"
            raise DeployRefused("ApplicationAlreadyExistsException", problem)
        made = {
            "applicationId": str(uuid.uuid4()),
            "applicationName": name,
            "createTime": seconds(self._now()),
            "linkedToGitHub": False,
            "computePlatform": given.get("computePlatform") or _PLATFORM_DEFAULT,
        }
        applications[name] = made
        self._keep_tags(place, f"application:{name}", given)
        return {"applicationId": made["applicationId"]}

    def _get_applications(self, place: Place, given: Given) -> Given:
        names = given.get("applicationNames") or ()
        return {"applicationsInfo": [self.application(place, {"applicationName": name}) for name in names]}

    def _delete_application(self, place: Place, given: Given) -> Given:
        kept, name = self._kept(place), str(given.get("applicationName") or "")
        kept.applications.pop(name, None)
        for group in kept.groups.pop(name, {}):
            kept.tags.pop(_arn(place, f"deploymentgroup:{name}/{group}"), None)
        kept.tags.pop(_arn(place, f"application:{name}"), None)
        return {}

    def _create_config(self, place: Place, given: Given) -> Given:
        name, platform = str(given["deploymentConfigName"]), given.get("computePlatform") or _PLATFORM_DEFAULT
        configs = self._kept(place).configs
        if name in configs or name in predefined():
            problem = f"Deployment Configuration already exists with name: {name}"
            raise DeployRefused("DeploymentConfigAlreadyExistsException", problem)
        routing = given.get("trafficRoutingConfig")
        if platform != _PLATFORM_DEFAULT and routing is None:
            raise DeployRefused("InvalidTrafficRoutingConfigurationException", "A traffic routing is required.")
        wrong = routing_problem(routing) if routing else None
        if wrong is not None:
            raise DeployRefused("InvalidTrafficRoutingConfigurationException", wrong)
        made = {
            "deploymentConfigId": str(uuid.uuid4()),
            "deploymentConfigName": name,
            "minimumHealthyHosts": given.get("minimumHealthyHosts"),
            "createTime": seconds(self._now()),
            "computePlatform": platform,
            "trafficRoutingConfig": routing,
            "zonalConfig": given.get("zonalConfig"),
        }
        configs[name] = {member: value for member, value in made.items() if value is not None}
        return {"deploymentConfigId": made["deploymentConfigId"]}

    def _delete_config(self, place: Place, given: Given) -> Given:
        kept, name = self._kept(place), str(given["deploymentConfigName"])
        if name in predefined():
            raise DeployRefused("InvalidOperationException", f"{name} is not the account's own to delete")
        if any(group["deploymentConfigName"] == name for groups in kept.groups.values() for group in groups.values()):
            problem = f"The deployment configuration {name} is in use by a deployment group"
            raise DeployRefused("DeploymentConfigInUseException", problem)
        kept.configs.pop(name, None)
        return {}

    def _list_configs(self, place: Place, given: Given) -> Given:
        return {"deploymentConfigsList": [*predefined(), *self._kept(place).configs]}

    def _create_group(self, place: Place, given: Given) -> Given:
        application = self.application(place, given)
        name = str(given.get("deploymentGroupName") or "")
        held = self._kept(place).groups.setdefault(str(application["applicationName"]), {})
        if name in held:
            problem = f"Deployment Group already exists with name: {name}"
            raise DeployRefused("DeploymentGroupAlreadyExistsException", problem)
        made = {
            "applicationName": application["applicationName"],
            "computePlatform": application["computePlatform"],
            "deploymentGroupId": str(uuid.uuid4()),
            "deploymentGroupName": name,
            "deploymentConfigName": DEFAULTS[str(application["computePlatform"])],
            **{member: given[member] for member in _GROUP_MEMBERS if given.get(member) is not None},
        }
        self._check(place, made)
        held[name] = made
        self._keep_tags(place, f"deploymentgroup:{application['applicationName']}/{name}", given)
        return {"deploymentGroupId": made["deploymentGroupId"]}

    def _update_group(self, place: Place, given: Given) -> Given:
        found = self.group(place, given, "currentDeploymentGroupName")
        application, old = str(found["applicationName"]), str(found["deploymentGroupName"])
        new = str(given.get("newDeploymentGroupName") or old)
        groups = self._kept(place).groups[application]
        if new != old and new in groups:
            problem = f"Deployment Group already exists with name: {new}"
            raise DeployRefused("DeploymentGroupAlreadyExistsException", problem)
        changed = {member: given[member] for member in _GROUP_MEMBERS if given.get(member) is not None}
        made = {**found, **changed, "deploymentGroupName": new}
        self._check(place, made)
        del groups[old]
        groups[new] = made
        return {"hooksNotCleanedUp": []}

    def _delete_group(self, place: Place, given: Given) -> Given:
        kept = self._kept(place)
        application, name = str(given.get("applicationName") or ""), str(given.get("deploymentGroupName") or "")
        kept.groups.get(application, {}).pop(name, None)
        kept.tags.pop(_arn(place, f"deploymentgroup:{application}/{name}"), None)
        return {"hooksNotCleanedUp": []}

    def _list_groups(self, place: Place, given: Given) -> Given:
        name = self.application(place, given)["applicationName"]
        return {"applicationName": name, "deploymentGroups": list(self._kept(place).groups.get(name, {}))}

    def _get_groups(self, place: Place, given: Given) -> Given:
        application = given.get("applicationName")
        names = given.get("deploymentGroupNames") or ()
        found = [self._shown(place, {"applicationName": application, "deploymentGroupName": name}) for name in names]
        return {"deploymentGroupsInfo": found}

    def _shown(self, place: Place, given: Given) -> Given:
        """A group with its last deployments."""
        found = self.group(place, given)
        kept: list[Deployment] = list(self._kept(place).deployments.values())
        of_group = [one for one in kept if one.group_id == found["deploymentGroupId"]]
        tried, done = of_group[-1:], [one for one in of_group if one.status == "Succeeded"][-1:]
        last = {"lastAttemptedDeployment": tried, "lastSuccessfulDeployment": done}
        shown = {member: _last(deployments[0]) for member, deployments in last.items() if deployments}
        target = {"targetRevision": done[0].given["revision"]} if done else {}
        # What is given by name is shown as a structure. Source: "DeploymentGroupInfo", "AutoScalingGroup".
        scaled = {"autoScalingGroups": [{"name": name} for name in found.get("autoScalingGroups", ())]}
        return {**found, **scaled, **shown, **target}

    def _check(self, place: Place, group: Given) -> None:
        name = str(group["deploymentConfigName"])
        if self.config(place, name)["computePlatform"] != group["computePlatform"]:
            problem = f"The deployment configuration {name} is not one for {group['computePlatform']} deployments"
            raise DeployRefused("InvalidDeploymentConfigNameException", problem)
        if len((group.get("alarmConfiguration") or {}).get("alarms") or ()) > ALARMS_MAX:
            problem = f"A maximum of {ALARMS_MAX} alarms can be added"
            raise DeployRefused("AlarmsLimitExceededException", problem)
        role = str(group.get("serviceRoleArn") or "")
        if not role:
            raise DeployRefused("RoleRequiredException", "The role ARN is required.")
        if not self._trusts(role):
            problem = f"AWS CodeDeploy does not have the permissions required to assume the role {role}."
            raise DeployRefused("InvalidRoleException", problem)

    def _keep_tags(self, place: Place, resource: str, given: Given) -> None:
        tags = {str(tag["Key"]): str(tag.get("Value", "")) for tag in given.get("tags") or ()}
        self._kept(place).tags[_arn(place, resource)] = tags

    def _tag(self, place: Place, given: Given) -> Given:
        tags = {str(tag["Key"]): str(tag.get("Value", "")) for tag in given.get("Tags") or ()}
        self._tags_of(place, given).update(tags)
        return {}

    def _untag(self, place: Place, given: Given) -> Given:
        held = self._tags_of(place, given)
        for key in given.get("TagKeys") or ():
            held.pop(str(key), None)
        return {}

    def _tags(self, place: Place, given: Given) -> Given:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._tags_of(place, given).items()]}

    def _tags_of(self, place: Place, given: Given) -> dict[str, str]:
        arn = str(given.get("ResourceArn") or "")
        found = self._kept(place).tags.get(arn)
        if found is None:
            raise DeployRefused("InvalidArnException", f"There is no resource {arn}")
        return found


def _last(deployment: Deployment) -> Given:
    given = {
        "deploymentId": deployment.id,
        "status": deployment.status,
        "endTime": seconds(deployment.completed),
        "createTime": seconds(deployment.created),
    }
    return {member: value for member, value in given.items() if value is not None}


def _arn(place: Place, resource: str) -> str:
    return f"arn:{partition_of(place[1])}:codedeploy:{place[1]}:{place[0]}:{resource}"
