"""moto's pipes: read as they are, and told of when they change. moto keeps them, and nothing runs through them.

Private surface used: of `moto.pipes.models.EventBridgePipesBackend` `pipes` and the methods named in `Pipes._change`;
of a pipe `status`, `desired_state` and what it was made with.
Canary: tests/unit/harness/test_harness_moto_other_services.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.records import dataclass

_CHANGING: Final = ("create_pipe", "update_pipe", "delete_pipe", "start_pipe", "stop_pipe")

# Account, region and name.
PipeKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe:
    """A pipe. source, enrichment, target: ARNs; enrichment empty without one. The parameters as the API takes them."""

    account_id: str
    region: str
    name: str
    arn: str
    role_arn: str
    source: str
    target: str
    is_running: bool
    enrichment: str = ""
    source_parameters: Mapping[str, Any] = field(default_factory=dict)
    enrichment_parameters: Mapping[str, Any] = field(default_factory=dict)
    target_parameters: Mapping[str, Any] = field(default_factory=dict)


class Pipes:
    """The pipes of all accounts. Make it before moto's service is loaded.

    changed: called with a pipe that was made, changed or deleted, in the thread of who did so.
    """

    def __init__(self, changed: Callable[[PipeKey], None]) -> None:
        self._changed = changed
        change_when_loaded(self._change)

    def find(self, key: PipeKey) -> Pipe | None:
        """A pipe; None without one."""
        backend = _backend(key[0], key[1])
        held = None if backend is None else backend.pipes.get(key[2])
        return None if held is None else _pipe(held)

    def all(self) -> Sequence[PipeKey]:
        """Every pipe."""
        models: Any = loaded("moto.pipes.models")
        if models is None:
            return []
        return [
            (account_id, region, name)
            for account_id, regions in list(models.pipes_backends.items())
            for region, backend in list(regions.items())
            for name in list(backend.pipes)
        ]

    def _change(self, module: ModuleType) -> None:
        if module.__name__ != "moto.pipes.models":
            return
        backend: Any = vars(module)["EventBridgePipesBackend"]
        for method in _CHANGING:
            own = getattr(backend, method)
            setattr(backend, method, self._telling(getattr(own, "__wrapped__", own)))

    def _telling(self, own: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(own)
        def changed(backend: Any, *arguments: Any, **named: Any) -> Any:
            pipe = own(backend, *arguments, **named)
            if pipe.desired_state == "RUNNING":
                pipe.status = "RUNNING"  # nothing here takes long enough to be seen on its way
            elif pipe.desired_state == "STOPPED":
                pipe.status = "STOPPED"
            self._changed((backend.account_id, backend.region_name, pipe.name))
            return pipe

        return changed


def _backend(account_id: str, region: str) -> Any:
    models: Any = loaded("moto.pipes.models")
    return None if models is None else models.pipes_backends[account_id].get(region)


def _pipe(held: Any) -> Pipe:
    return Pipe(
        account_id=held.account_id,
        region=held.region_name,
        name=held.name,
        arn=held.arn,
        role_arn=held.role_arn or "",
        source=held.source,
        target=held.target,
        is_running=held.desired_state == "RUNNING",
        enrichment=held.enrichment or "",
        source_parameters=dict(held.source_parameters or {}),
        enrichment_parameters=dict(held.enrichment_parameters or {}),
        target_parameters=dict(held.target_parameters or {}),
    )
