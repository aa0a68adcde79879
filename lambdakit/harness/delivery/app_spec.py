"""The AppSpec file of a deployment to a function: which alias moves from which version to which, and its hooks.

Source: AWS CodeDeploy User Guide, "AppSpec 'resources' section" and "'hooks' section", for an AWS Lambda deployment.
The examples there write the names of the keys with and without capitals; both are taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.records import dataclass

BEFORE: Final = "BeforeAllowTraffic"
AFTER: Final = "AfterAllowTraffic"
_CHARACTERS_MAX: Final = 131_072


class AppSpecInvalid(Exception):
    """What cannot be deployed. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSpec:
    """What is deployed. hooks: event -> function, by name or ARN."""

    function: str
    alias: str
    current: str
    target: str
    hooks: Mapping[str, str]


def read_app_spec(text: str) -> AppSpec:
    """The file that `text`, YAML or JSON, holds. AppSpecInvalid for what is none."""
    document = _lowered(_parsed(text))
    resources = document.get("resources")
    if not isinstance(resources, list) or len(resources) != 1:
        raise AppSpecInvalid("It has to have one resource.")
    (described,) = _lowered(resources[0]).values() or ({},)
    properties = _lowered(_lowered(described).get("properties"))
    values = {name: str(properties.get(name) or "") for name in ("name", "alias", "currentversion", "targetversion")}
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise AppSpecInvalid(f"The property {missing[0]} is missing.")
    hooks: dict[str, str] = {}
    listed = document.get("hooks") or []
    for hook in listed if isinstance(listed, list) else []:
        for event, function in hook.items() if isinstance(hook, Mapping) else ():
            name = {BEFORE.lower(): BEFORE, AFTER.lower(): AFTER}.get(str(event).lower())
            if name is None:
                raise AppSpecInvalid(f"{event} is not a lifecycle event of a deployment to a function.")
            hooks[name] = str(function)
    return AppSpec(
        function=values["name"],
        alias=values["alias"],
        current=values["currentversion"],
        target=values["targetversion"],
        hooks=hooks,
    )


def write_app_spec(spec: AppSpec) -> str:
    """The file as JSON."""
    properties = {
        "Name": spec.function,
        "Alias": spec.alias,
        "CurrentVersion": spec.current,
        "TargetVersion": spec.target,
    }
    return json.dumps(
        {
            "version": "0.0",
            "Resources": [{spec.function: {"Type": "AWS::Lambda::Function", "Properties": properties}}],
            "Hooks": [{event: function} for event, function in spec.hooks.items()],
        }
    )


def _parsed(text: str) -> Any:
    if len(text) > _CHARACTERS_MAX:
        raise AppSpecInvalid(f"It is longer than {_CHARACTERS_MAX} characters.")
    import yaml  # here: few harnesses ever read one

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise AppSpecInvalid(f"It is neither YAML nor JSON: {type(error).__name__}.") from None


def _lowered(value: Any) -> dict[str, Any]:
    return {str(key).lower(): each for key, each in value.items()} if isinstance(value, Mapping) else {}
