"""moto's ECS, which asks for more than ECS does: `memory` of a container beside its `memoryReservation`, or at all when
a task is run, security groups of a task, and an Auto Scaling group of a capacity provider of managed instances.

Private surface used: `moto.ecs.models.EC2ContainerServiceBackend._validate_container_defs`,
`._calculate_task_resource_requirements`, `.run_task` and `.create_capacity_provider`.
Canary: tests/unit/harness/provisioners/test_provisioner_capacity.py.
Source: Amazon ECS API Reference, "ContainerDefinition" (memoryReservation: "you must specify a non-zero integer for
one or both of memory or memoryReservation") and "CreateCapacityProvider" (managedInstancesProvider); AWS re:Post
Knowledge Center, "How do I allocate memory to tasks in Amazon ECS?" (a task with a size: of a container optional);
Amazon ECS API Reference, "AwsVpcConfiguration" (without security groups the default one of the VPC is used).
"""

from __future__ import annotations

import functools
import inspect
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_MODELS: Final = "moto.ecs.models"


def mend_task_definitions() -> None:
    """From now on it asks for no more than ECS. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ != _MODELS:
        return
    backend: Any = vars(module)["EC2ContainerServiceBackend"]
    validate, create = backend._validate_container_defs, backend.create_capacity_provider
    needs, run = backend._calculate_task_resource_requirements, backend.run_task

    @functools.wraps(validate)
    def validate_container_defs(
        memory: str | None, container_definitions: list[dict[str, Any]], requires_compatibilities: list[str] | None
    ) -> None:
        others = [each for each in requires_compatibilities or () if each != "EC2"]
        validate(memory, container_definitions, others)

    @functools.wraps(create)
    def create_capacity_provider(self: Any, name: str, asg_details: dict[str, Any] | None, tags: Any) -> Any:
        return create(self, name, {} if asg_details is None else asg_details, tags)

    @functools.wraps(needs)
    def calculate_task_resource_requirements(task_definition: Any) -> Any:
        containers = [
            {"memory": each.get("memoryReservation", 0), **each} for each in task_definition.container_definitions
        ]
        return needs(SimpleNamespace(container_definitions=containers))

    @functools.wraps(run)
    def run_task(*arguments: Any, **more: Any) -> Any:
        given = inspect.signature(run).bind(*arguments, **more).arguments
        network = given.get("networking_configuration") or {}
        own = network.get("awsvpcConfiguration")
        if own:
            given["networking_configuration"] = {**network, "awsvpcConfiguration": {"securityGroups": [], **own}}
        return run(**given)

    backend.run_task = run_task
    backend._validate_container_defs = staticmethod(validate_container_defs)
    backend._calculate_task_resource_requirements = staticmethod(calculate_task_resource_requirements)
    backend.create_capacity_provider = create_capacity_provider
