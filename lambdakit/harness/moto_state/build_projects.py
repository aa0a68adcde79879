"""Projects of CodeBuild that moto refuses and the service takes: without a location, and on newer machines.

Private surface used, of `moto.codebuild.responses`: `_validate_required_params_source`, `…_artifacts` and
`…_environment`, which want a location of everything, and know the first machines only.
Canary: tests/unit/harness/provisioners/test_provisioner_code_build.py.
Source: AWS CodeBuild API Reference, "ProjectSource" (`location`: not to be specified where a pipeline has the source;
`type`: NO_SOURCE), "ProjectArtifacts" (CODEPIPELINE ignores it), "ProjectEnvironment" (`type`, `computeType`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_RESPONSES: Final = "moto.codebuild.responses"
_WITHOUT_LOCATION: Final = frozenset({"CODEPIPELINE", "NO_SOURCE"})
_CHECKED: Final = ("_validate_required_params_source", "_validate_required_params_artifacts")

Check = Callable[[Mapping[str, Any]], None]


def take_build_projects() -> None:
    """From now on a location is asked for only where there is one, and any machine is taken. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ != _RESPONSES:
        return
    responses: Any = module
    for name in _CHECKED:
        setattr(responses, name, _where_there_is_a_location(getattr(responses, name)))
    responses._validate_required_params_environment = lambda environment: None


def _where_there_is_a_location(own: Check) -> Check:
    @functools.wraps(own)
    def check(given: Mapping[str, Any]) -> None:
        if given.get("type") not in _WITHOUT_LOCATION:
            own(given)

    return check
