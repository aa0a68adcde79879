"""What the CloudFormation API says of a stack besides its resources, its events among it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime

from lambdakit.assembly.parameters import ParameterValue
from lambdakit.assembly.source_map import SourceMap
from lambdakit.assembly.template import Template
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEvent:
    """Something that happened to a stack or to one of its resources.

    status: as CloudFormation calls it. token: what the call that led to it gave to know its events by.
    """

    number: int
    at: datetime
    logical_id: str
    type: str
    physical_id: str
    status: str
    reason: str = ""
    token: str = ""


@dataclass(slots=True, kw_only=True)
class StackRecord:
    """What the CloudFormation API says of a stack besides its resources.

    text: the template as it was given. template: the same, read; None before there is one.
    processed: the same with its transforms carried out; None before that.
    source_map: the way back to the document; empty where there is none.
    given: the values of its parameters, by name. parameters: what they came to, defaults included.
    version: how often the stack was changed. token: of the call that changes it.
    timeout_minutes: how long its creation may take; None for as long as it takes.
    rollback: its `RollbackConfiguration`, which names no alarms.
    """

    text: str = ""
    template: Template | None = None
    processed: Mapping[str, object] | None = None
    source_map: SourceMap = field(default_factory=lambda: SourceMap(stacks={}))
    description: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: Sequence[str] = ()
    role_arn: str = ""
    notification_arns: Sequence[str] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    reason: str = ""
    termination_protection: bool = False
    disable_rollback: bool = False
    policy: str = ""
    version: int = 0
    token: str = ""
    timeout_minutes: int | None = None
    rollback: Mapping[str, object] = field(default_factory=dict)
    events: list[StackEvent] = field(default_factory=list)
