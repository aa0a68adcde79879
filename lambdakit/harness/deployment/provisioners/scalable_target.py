"""`AWS::ApplicationAutoScaling::ScalableTarget`: what is scaled, between which bounds, and its scheduled actions.

moto keeps it; `lambda_service.scaling` scales provisioned concurrency by it, and nothing scales anything else.
Source: CloudFormation Template Reference, "AWS::ApplicationAutoScaling::ScalableTarget".
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.property_tree import READ, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, properties_of
from lambdakit.harness.deployment.request_shapes import convert, input_shape

_SERVICE: Final = "application-autoscaling"
_TARGET: Final = "join('|', [p.ResourceId, p.ScalableDimension, p.ServiceNamespace])"
_NAMES: Final = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_UNTAGGED: Final = {"Tags": ""}


class ScalableTarget:
    """A scalable target. `Ref` gives its id, dimension and namespace."""

    _kept: ClassVar[MotoBacked] = MotoBacked(
        service=_SERVICE,
        properties=properties_of(
            read="MaxCapacity MinCapacity ResourceId RoleARN ScalableDimension ServiceNamespace SuspendedState",
            recorded="Tags",
        ),
        made_by=Call(operation="register_scalable_target", renamed=_UNTAGGED),
        reference=_TARGET,
        changed_by=(Call(operation="register_scalable_target", renamed=_UNTAGGED),),
        deleted_by=(Call(operation="deregister_scalable_target"),),
        attributes={"Id": _TARGET},
        gone=frozenset({"ValidationException", "ObjectNotFoundException"}),
    )
    properties: ClassVar[PropertyTree] = {
        **_kept.properties,
        "ScheduledActions": {
            "EndTime": READ,
            "ScalableTargetAction": {"MaxCapacity": READ, "MinCapacity": READ},
            "Schedule": READ,
            "ScheduledActionName": READ,
            "StartTime": READ,
            "Timezone": READ,
        },
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Registers it and makes its scheduled actions; nothing is left when one is refused."""
        provisioned = self._kept.create(_without_actions(resource), context)
        created = Created(resource=resource, provisioned=provisioned)
        with undone_on_failure(lambda: self.delete(created, context)):
            _put(resource, context, _actions(resource).values())
        return provisioned

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes bounds and scheduled actions; takes everything back when one is refused."""
        old = Created(resource=_without_actions(created.resource), provisioned=created.provisioned)
        provisioned = self._kept.update(old, _without_actions(resource), context)
        try:
            _exchange(created.resource, resource, context)
        except Exception:
            with contextlib.suppress(ClientError):
                _exchange(resource, created.resource, context)
                self._kept.update(
                    Created(resource=_without_actions(resource), provisioned=provisioned), old.resource, context
                )
            raise
        return provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deregisters it; its scheduled actions go first, which moto would keep."""
        _remove(created.resource, context, _actions(created.resource))
        self._kept.delete(
            Created(resource=_without_actions(created.resource), provisioned=created.provisioned), context
        )

    def reset(self, created: Created, context: Context) -> None:
        """Brings back the bounds that the template has, which a scheduled action may have moved."""
        properties = created.resource.properties
        client = context.client(_SERVICE, created.resource)
        with contextlib.suppress(ClientError):  # somebody else deregistered it
            client.register_scalable_target(
                **{name: properties[name] for name in _NAMES},
                MinCapacity=int(properties["MinCapacity"]),
                MaxCapacity=int(properties["MaxCapacity"]),
            )


SCALABLE_TARGET: Final = ScalableTarget()

_Actions = Mapping[str, Mapping[str, Any]]


def _exchange(old: Resource, new: Resource, context: Context) -> None:
    before, after = _actions(old), _actions(new)
    _remove(old, context, [name for name in before if name not in after])
    _put(new, context, [action for name, action in after.items() if before.get(name) != action])


def _put(resource: Resource, context: Context, actions: Iterable[Mapping[str, Any]]) -> None:
    client = context.client(_SERVICE, resource)
    shape = input_shape(client, "put_scheduled_action")
    for action in actions:
        given = {**{name: resource.properties.get(name) for name in _NAMES}, **action}
        client.put_scheduled_action(
            **{name: convert(shape.members[name], value) for name, value in given.items() if value is not None}
        )


def _remove(resource: Resource, context: Context, names: Iterable[str]) -> None:
    client = context.client(_SERVICE, resource)
    target = {name: resource.properties.get(name) for name in _NAMES}
    for name in names:
        with contextlib.suppress(ClientError):  # it is gone
            client.delete_scheduled_action(**target, ScheduledActionName=name)


def _actions(resource: Resource) -> _Actions:
    """The scheduled actions, by name."""
    return {str(each.get("ScheduledActionName")): each for each in resource.properties.get("ScheduledActions") or ()}


def _without_actions(resource: Resource) -> Resource:
    properties = {name: value for name, value in resource.properties.items() if name != "ScheduledActions"}
    return dataclasses.replace(resource, properties=properties)
