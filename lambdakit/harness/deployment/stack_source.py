"""What a stack is to become: a template, the values of its parameters, and what the template refers to besides."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from pathlib import Path

from lambdakit.assembly.image_overrides import ImageSource
from lambdakit.assembly.look_ups import LookUps
from lambdakit.assembly.place import Place
from lambdakit.assembly.source_map import SourceMap
from lambdakit.assembly.template import Template
from lambdakit.harness.deployment.deployed import DeployedStack
from lambdakit.harness.deployment.provisioner import Resource
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSource:
    """A stack as it is to be.

    given: values for its parameters, as text. tags: of the stack, which its resources inherit.
    asset: bucket and key of a file asset -> where it lies; None for one that is no asset.
    include: the JSON at an `s3://` location, for `AWS::Include`; LookupError when there is none, ValueError when it
    holds no part of a template.
    nested_template: the template at a URL, for AWS::CloudFormation::Stack; AssemblyError when there is none.
    image: stack, logical id and URI of a function's container image -> what there is to run in its place.
    layer: ARN of a layer version of another account -> what stands in for it; None when nobody said.
    publish: puts the assets that resolved properties name into their bucket, in an account and region.
    record_images: records the image assets that a resource names in their repositories.
    source_map: the way back to the document; empty where there is none.
    look_ups: what is known of what the template takes to be there.
    notification_arns: the topics that are told of its events; None for those that it has.
    """

    name: str
    account_id: str
    region: str
    template: Template
    given: Mapping[str, str]
    asset: Callable[[str, str], Path | None]
    include: Callable[[str], object]
    nested_template: Callable[[str, Place], Template]
    source_map: SourceMap
    publish: Callable[[object, str, str], None]
    image: Callable[[str, str, str], ImageSource]
    layer: Callable[[str], Path | None] = lambda arn: None
    record_images: Callable[[Resource], None] = lambda resource: None
    tags: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    look_ups: LookUps = field(default_factory=LookUps)
    notification_arns: Sequence[str] | None = None


def note_source(stack: DeployedStack, source: StackSource, at: datetime) -> Callable[[], None]:
    """Keeps what the CloudFormation API tells of where a stack comes from. Returns what brings back the one before."""
    record = stack.record
    before = (record.text, record.template, record.processed, record.description, record.given, record.tags)
    source_map_before, topics_before = record.source_map, record.notification_arns

    def undo() -> None:
        record.text, record.template, record.processed, record.description, record.given, record.tags = before
        record.source_map, record.notification_arns = source_map_before, topics_before

    record.version += 1
    record.deleted_at = None
    record.text = source.text or json.dumps(source.template.raw)
    record.template = source.template
    record.source_map = source.source_map
    if source.notification_arns is not None:
        record.notification_arns = source.notification_arns
    description = source.template.raw.get("Description")
    record.description = description if isinstance(description, str) else ""
    record.given, record.tags = dict(source.given), dict(source.tags)
    if record.created_at is None:
        record.created_at = at
    else:
        record.updated_at = at
    return undo
