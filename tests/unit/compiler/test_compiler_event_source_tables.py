"""An event source has a file of its name on each floor, and a row in each table."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

import lambdakit
from lambdakit.compiler.bindings import event_sources
from lambdakit.constructs.event_sources import kinds as source_kinds
from lambdakit.constructs.event_sources import wiring
from lambdakit.constructs.failure_destinations import FAILURE_IDS
from lambdakit.constructs.targets import kinds as target_kinds
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.rules import target_names
from lambdakit.spec.targets import Target

pytestmark = pytest.mark.xdist_group("cdk")

PACKAGE = Path(lambdakit.__file__).parent


def files(folder: str) -> set[str]:
    return {path.stem for path in (PACKAGE / folder).glob("*.py")} - {"__init__"}


def models(union: Any) -> set[str]:
    """The names of a union's models, whose tags are taken off."""
    found = get_args(union)
    return {get_args(each)[0].__name__ if get_args(each) else each.__name__ for each in found}


def test_every_source_has_a_file_on_both_floors() -> None:
    shared = {"kinds", "wiring", "matching_rule"}

    assert files("spec/event_sources") <= files("constructs/event_sources") - shared


def test_every_source_of_the_document_is_bound_to_a_construct_of_the_same_name() -> None:
    of_document = models(EventProcessing.model_fields["source"].annotation)

    assert {each.__name__ for each in get_args(source_kinds.Source)} == of_document
    assert {each.__name__ for each in event_sources.bound_sources()} == of_document


def test_every_target_of_the_document_is_one_of_the_constructs() -> None:
    # A table is a new one, of a name that exists, or one of the resources: one construct for all three.
    of_document = {each.__name__ for each in get_args(Target)} - {"ExistingTableTarget", "SharedTableTarget"}

    assert {each.__name__ for each in get_args(target_kinds.Target)} == of_document


def test_the_rule_about_names_knows_every_id_that_a_pattern_has() -> None:
    assert target_names.TAKEN == {"Function", *wiring.SOURCE_IDS, *FAILURE_IDS}
