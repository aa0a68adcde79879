"""What EC2 takes for granted of the instances that it launches.

The primary network interface and the volumes of its launch go with an instance that is terminated, unless it is told
to leave them, where moto leaves them unless it is told. The root volume needs no size, as the image has one; moto asks
for it. A volume of the instance store is none of EBS's, and moto makes none.

Private surface used: `moto.ec2.models.instances.InstanceBackend.run_instances`, whose keyword `nics` has the interfaces
as they were asked for, `launch_template` and `launch_config` what a launch by another service goes by, and
`_get_template_from_args`; `Instance.add_block_device` and an instance's `nics` and `block_device_mapping`;
`moto.ec2.responses.instances.InstanceResponse._parse_block_device_mapping`, `_validate_block_device_mapping` and
`_get_param`.
Canary: tests/unit/harness/test_harness_launched_instances.py.

Source: EC2 User Guide, "Preserve data when an instance is terminated", the table of defaults, for volumes attached at
launch by an API; "Device names for volumes", for the root's; "Block device mappings"; AWS CLI Command Reference,
"ec2 run-instances", whose examples show the primary interface with `DeleteOnTermination` though nobody asked for it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_INSTANCES: Final = "moto.ec2.models.instances"
_RESPONSES: Final = "moto.ec2.responses.instances"
_PRIMARY: Final = 0
_ROOTS: Final = frozenset({"/dev/xvda", "/dev/sda1"})
_ROOT_GIB: Final = 8  # of the images that moto has, as of Amazon Linux


def mend_launches() -> None:
    """From now on instances are launched as EC2 launches them. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ == _INSTANCES:
        backend: Any = vars(module)["InstanceBackend"]
        backend.run_instances = _taking_its_own_along(backend.run_instances)
        instance: Any = vars(module)["Instance"]
        instance.add_block_device = _with_size_of_image(instance.add_block_device)
    elif module.__name__ == _RESPONSES:
        response: Any = vars(module)["InstanceResponse"]
        response._parse_block_device_mapping = _with_own_volumes(response._parse_block_device_mapping)
        response._validate_block_device_mapping = staticmethod(_validated(response._validate_block_device_mapping))


def _taking_its_own_along(own: Any) -> Any:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def run_instances(backend: Any, *arguments: Any, **named: Any) -> Any:
        asked = {int(one.get("DeviceIndex", _PRIMARY)): one for one in named.get("nics") or ()}
        primary = asked.get(_PRIMARY, {})
        kept = "DeleteOnTermination" in primary or "NetworkInterfaceId" in primary
        volumes = list(_silent_volumes(backend, named))
        reservation = own(backend, *arguments, **named)
        for instance in reservation.instances:
            if not kept and _PRIMARY in instance.nics:
                instance.nics[_PRIMARY].delete_on_termination = True
            for device in volumes:
                if device in instance.block_device_mapping:
                    instance.block_device_mapping[device].delete_on_termination = True
        return reservation

    return run_instances


def _silent_volumes(backend: Any, named: Mapping[str, Any]) -> Iterator[str]:
    """The devices of a launch template or configuration that does not say what becomes of their volumes."""
    if "block_device_mappings" in named:
        return
    mappings: Any = ()
    if named.get("launch_template"):
        mappings = backend._get_template_from_args(named["launch_template"]).data.get("BlockDeviceMappings")
    elif named.get("launch_config"):
        mappings = named["launch_config"].block_device_mapping_dict
    for mapping in mappings or ():
        if (mapping.get("Ebs") or {}).get("DeleteOnTermination") is None:
            yield mapping["DeviceName"]


def _with_size_of_image(own: Any) -> Any:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def add_block_device(
        instance: Any, size: Any, device_path: str, snapshot_id: str | None = None, *more: Any, **named: Any
    ) -> Any:
        if not size and not snapshot_id and device_path in _ROOTS:
            size = _ROOT_GIB
        return own(instance, size, device_path, snapshot_id, *more, **named)

    return add_block_device


def _with_own_volumes(own: Any) -> Any:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def parse_block_device_mapping(response: Any) -> Any:
        mappings = own(response)
        for asked, mapping in zip(response._get_param("BlockDeviceMappings", []), mappings, strict=True):
            if "DeleteOnTermination" not in asked.get("Ebs", {}):
                mapping["Ebs"]["DeleteOnTermination"] = True
            if _is_of_the_instance_store(asked):
                mapping["NoDevice"] = ""
        return mappings

    return parse_block_device_mapping


def _validated(own: Any) -> Any:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def validate_block_device_mapping(mapping: Mapping[str, Any]) -> None:
        if not _is_of_the_instance_store(mapping) and not ("Ebs" in mapping and mapping.get("DeviceName") in _ROOTS):
            own(mapping)

    return validate_block_device_mapping


def _is_of_the_instance_store(mapping: Mapping[str, Any]) -> bool:
    return "VirtualName" in mapping and "Ebs" not in mapping
