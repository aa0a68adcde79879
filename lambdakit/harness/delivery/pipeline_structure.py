"""A pipeline as it is declared: its stages, their actions, and where its artifacts lie.

Source: AWS CodePipeline User Guide, "CodePipeline pipeline structure reference", "Stage requirements in CodePipeline"
and "Action declaration"; API Reference, "PipelineDeclaration".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.records import dataclass

SUPERSEDED: Final = "SUPERSEDED"
PARALLEL: Final = "PARALLEL"
_VARIABLE: Final = re.compile(r"#\{([A-Za-z0-9@_-]+)\.([A-Za-z0-9@_-]+)\}")

Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where artifacts lie. key_id: of KMS; empty for the bucket's own encryption."""

    bucket: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action. configuration: as declared. role_arn: who does it; empty for the pipeline's role.

    region: where it is done; empty for the pipeline's. namespace: of its output variables; empty without one.
    timeout_minutes: of an approval; None for the default.
    """

    name: str
    category: str
    owner: str
    provider: str
    version: str
    run_order: int
    configuration: Mapping[str, str]
    inputs: Sequence[str]
    outputs: Sequence[str]
    role_arn: str
    region: str
    namespace: str
    timeout_minutes: int | None

    @property
    def type_id(self) -> dict[str, str]:
        """What the API calls `actionTypeId`."""
        return {"category": self.category, "owner": self.owner, "provider": self.provider, "version": self.version}

    def is_a(self, category: str, provider: str) -> bool:
        """Whether it is an action of AWS's own of that kind."""
        return (self.category, self.owner, self.provider) == (category, "AWS", provider)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage."""

    name: str
    actions: Sequence[Action]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A pipeline. stores: by region. variables: the default of each; None where a value has to be given.

    mode: `SUPERSEDED`, `QUEUED` or `PARALLEL`.
    """

    place: Place
    name: str
    version: int
    role_arn: str
    mode: str
    stages: Sequence[Stage]
    stores: Mapping[str, Store]
    variables: Mapping[str, str | None]

    @property
    def arn(self) -> str:
        """The pipeline's ARN."""
        account_id, region = self.place
        return f"arn:{partition_of(region)}:codepipeline:{region}:{account_id}:{self.name}"

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, region and name."""
        return *self.place, self.name

    def region_of(self, action: Action) -> str:
        """Where an action is done."""
        return action.region or self.place[1]

    def role_of(self, action: Action) -> str:
        """Who does an action."""
        return action.role_arn or self.role_arn

    def store_of(self, action: Action) -> Store:
        """Where an action's artifacts lie."""
        return self.stores.get(self.region_of(action)) or next(iter(self.stores.values()))

    def sources(self) -> Sequence[Action]:
        """The actions of the first stage."""
        return self.stages[0].actions


def read_pipeline(place: Place, declared: Mapping[str, Any]) -> Pipeline:
    """A pipeline from its declaration, as the API has it."""
    stores = dict(declared.get("artifactStores") or {})
    if declared.get("artifactStore"):
        stores[place[1]] = declared["artifactStore"]
    return Pipeline(
        place=place,
        name=str(declared["name"]),
        version=int(declared.get("version") or 1),
        role_arn=str(declared["roleArn"]),
        mode=str(declared.get("executionMode") or SUPERSEDED),
        stages=[
            Stage(name=str(stage["name"]), actions=[_action(one) for one in stage["actions"]])
            for stage in declared["stages"]
        ],
        stores={region: _store(store) for region, store in stores.items()},
        variables={str(one["name"]): one.get("defaultValue") for one in declared.get("variables") or ()},
    )


def resolve(text: str, namespaces: Mapping[str, Mapping[str, str]]) -> str:
    """A configuration's value with its variables. ValueError, with its name, for one that is not there.

    Source: User Guide, "Variables reference".
    """

    def value(found: re.Match[str]) -> str:
        variables = namespaces.get(found[1])
        if variables is None or found[2] not in variables:
            raise ValueError(found[0])
        return variables[found[2]]

    return _VARIABLE.sub(value, text)


def _store(store: Mapping[str, Any]) -> Store:
    return Store(bucket=str(store["location"]), key_id=str((store.get("encryptionKey") or {}).get("id") or ""))


def _action(declared: Mapping[str, Any]) -> Action:
    kind = declared["actionTypeId"]
    minutes = declared.get("timeoutInMinutes")
    return Action(
        name=str(declared["name"]),
        category=str(kind["category"]),
        owner=str(kind["owner"]),
        provider=str(kind["provider"]),
        version=str(kind["version"]),
        run_order=int(declared.get("runOrder") or 1),
        configuration={str(name): str(value) for name, value in (declared.get("configuration") or {}).items()},
        inputs=[str(one["name"]) for one in declared.get("inputArtifacts") or ()],
        outputs=[str(one["name"]) for one in declared.get("outputArtifacts") or ()],
        role_arn=str(declared.get("roleArn") or ""),
        region=str(declared.get("region") or ""),
        namespace=str(declared.get("namespace") or ""),
        timeout_minutes=None if minutes is None else int(minutes),
    )
