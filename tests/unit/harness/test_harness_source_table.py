"""The table of sources has what there is, and nothing else."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from lambdakit.harness.lambda_service.event_source_rules import SOURCE_KINDS
from lambdakit.harness.source_table import SHARED, SOURCES, Source
from lambdakit.session.sample_events.samples import SAMPLES

ROOT = Path(__file__).parents[3]
HARNESS = ROOT / "lambdakit" / "harness"


def modules_below(package: str) -> list[str]:
    path = [str(HARNESS.joinpath(*package.split(".")))]
    return [f"{package}.{module.name}" for module in pkgutil.iter_modules(path)]


def rows_of(module: str) -> Sequence[str]:
    return [source.name for source in SOURCES if any(module.startswith(beginning) for beginning in source.code)]


@pytest.mark.parametrize("module", [*modules_below("delivery"), *modules_below("event_source_mapping.pollers")])
def test_every_delivery_and_every_poller_belongs_to_one_source(module: str) -> None:
    if module in SHARED:
        assert rows_of(module) == []
    else:
        assert len(rows_of(module)) == 1, f"{module} wants a row in lambdakit/harness/source_table.py, or to be shared"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_what_a_source_names_is_there(source: Source) -> None:
    known = [
        module for package in {code.rpartition(".")[0] for code in source.code} for module in modules_below(package)
    ]

    assert all(any(module.startswith(beginning) for module in known) for beginning in source.code)
    assert all((ROOT / shown).is_file() for shown in source.shown)
    assert all(name in SAMPLES for name in source.samples)


def test_every_kind_of_mapping_has_one_source() -> None:
    named = [poller for source in SOURCES for poller in source.pollers]

    assert sorted(named) == sorted(SOURCE_KINDS)


def test_every_sample_belongs_to_one_source() -> None:
    named = [name for source in SOURCES for name in source.samples]

    assert sorted(named) == sorted(SAMPLES)


def test_a_source_is_pulled_exactly_when_it_has_a_poller() -> None:
    for source in SOURCES:
        assert (source.arrival == "pulled") == bool(source.pollers), source.name


def test_every_source_that_is_delivered_is_shown_by_a_test() -> None:
    assert [source.name for source in SOURCES if source.code and not source.shown] == []


def test_no_two_sources_have_one_name() -> None:
    assert len({source.name for source in SOURCES}) == len(SOURCES)
