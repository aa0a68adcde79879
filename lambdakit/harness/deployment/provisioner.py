"""What creates, resets and deletes the resources of one CloudFormation type.

In comes a resource with every intrinsic function resolved; out goes what `Ref` and `Fn::GetAtt` give for it. A
provisioner knows nothing of templates, order or other resources.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lambdakit.clock import Clock
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.names import generated_name
from lambdakit.harness.deployment.property_tree import PropertyTree
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.lambda_service.layers import LayerStore
from lambdakit.harness.lambda_service.store import FunctionStore
from lambdakit.harness.runtime.code_package import CodeStore


class ResourceRefused(Exception):
    """A resource that the service would not create.

    problem: AWS's text where it is known. property: pointer below the resource's properties; empty for the whole.
    """

    def __init__(self, problem: str, *, property_pointer: str = "", hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.property_pointer = property_pointer
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource to create. properties: resolved; read with `properties.get`, zero and false being values."""

    stack: str
    stack_id: str
    logical_id: str
    type: str
    properties: Mapping[str, Any]
    account_id: str
    region: str
    construct_path: str | None = None

    def generated_name(self, *, length_max: int, lower_case: bool = False, ending: str = "") -> str:
        """A physical name for when the template gives none."""
        return generated_name(
            self.account_id,
            self.region,
            stack=self.stack,
            logical_id=self.logical_id,
            length_max=length_max,
            lower_case=lower_case,
            ending=ending,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """What came of a resource. physical_id: what `Ref` gives. attributes: what `Fn::GetAtt` gives, by name."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A resource as it was made, for its reset and deletion."""

    resource: Resource
    provisioned: Provisioned


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What provisioners work with.

    asset: bucket and key of a file asset -> where it lies in the assembly; None for one that is no asset of it.
    note: takes a remark about a function, for the trace.
    retire: ends the execution environments of a function, given its unqualified ARN.
    open_http_api: serves an HTTP API, given its id and region.
    flush_logs: writes the lines that functions logged so far, which else come a little later.
    lenient: properties that nobody reads are left out rather than refused.
    """

    account: Account
    functions: FunctionStore
    layers: LayerStore
    code: CodeStore
    doors: FrontDoors
    clock: Clock
    asset: Callable[[str, str], Path | None]
    note: Callable[[str, str], None]
    retire: Callable[[str], None]
    open_http_api: Callable[[str, str], None]
    flush_logs: Callable[[], None]
    lenient: bool = False


@contextlib.contextmanager
def undone_on_failure(undo: Callable[[], None]) -> Iterator[None]:
    """Calls `undo` when the block fails: what is only half made would stay in the account, and nobody knew of it."""
    try:
        yield
    except BaseException:
        undo()
        raise


class Provisioner(Protocol):
    """Creates and deletes resources of one type. properties: what it reads of them."""

    @property
    def properties(self) -> PropertyTree:
        """Every property that is read or recorded."""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the resource. ResourceRefused, or botocore's ClientError, when the service would not."""

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the resource; one that is gone already is no error."""

    def reset(self, created: Created, context: Context) -> None:
        """Brings back what the resource held right after its creation."""
