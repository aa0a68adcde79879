"""What the Lambda service keeps beside code: weights, concurrency, mappings, URLs; and who is told of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.lambda_service.event_source_rules import SOURCE_KINDS, complete_settings
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.paging import page_of
from lambdakit.harness.lambda_service.store import Alias, FunctionStore
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

REGION = "us-east-1"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:jobs"


def _store(*, seed: int = 0, versions: int = 0) -> FunctionStore:
    """A store with the function `orders`, and as many published versions, no two alike."""
    store = FunctionStore(account_id="123456789012", region=REGION, on_changed=lambda arn: None, seed=seed)
    store.create(
        FunctionConfiguration(
            name="orders",
            account_id="123456789012",
            region=REGION,
            runtime="python3.13",
            handler="app.handler",
            code=Path("/code"),
            role="arn:aws:iam::123456789012:role/fn",
            log_group="/aws/lambda/orders",
        )
    )
    for number in range(versions):
        store.update("orders", REGION, _described(str(number)))
        store.publish("orders", REGION)
    return store


def _described(text: str) -> Callable[[Any], Any]:
    return lambda record: dataclasses.replace(
        record, configuration=dataclasses.replace(record.configuration, description=text)
    )


def _draws(store: FunctionStore, count: int) -> list[str]:
    return [store.resolve("orders:live").configuration.version for _ in range(count)]


class TestWeights:
    def test_one_seed_gives_one_sequence(self) -> None:
        sequences = []
        for seed in (1, 1, 2):
            store = _store(seed=seed, versions=2)
            store.put_alias("orders", REGION, Alias(name="live", version="1", routing={"2": 0.5}))
            sequences.append(_draws(store, 50))

        assert sequences[0] == sequences[1] != sequences[2]

    @pytest.mark.parametrize("weight", [0.1, 0.5, 0.9])
    def test_the_share_is_the_weight(self, weight: float) -> None:
        store = _store(versions=2)
        store.put_alias("orders", REGION, Alias(name="live", version="1", routing={"2": weight}))

        share = _draws(store, 4000).count("2") / 4000

        assert abs(share - weight) < 0.03

    @pytest.mark.parametrize(("weight", "fits"), [(-0.01, False), (0.0, True), (1.0, True), (1.01, False)])
    def test_a_weight_is_a_share(self, weight: float, fits: bool) -> None:
        store = _store(versions=2)
        alias = Alias(name="live", version="1", routing={"2": weight})

        if fits:
            store.put_alias("orders", REGION, alias)
        else:
            with pytest.raises(ServiceFault, match="additionalVersionWeights") as refused:
                store.put_alias("orders", REGION, alias)
            assert refused.value.code == "ValidationException"

    def test_a_version_that_gets_a_share_stays(self) -> None:
        store = _store(versions=2)
        store.put_alias("orders", REGION, Alias(name="live", version="1", routing={"2": 0.0}))

        with pytest.raises(ServiceFault, match=r"\[live\]"):
            store.delete_version("orders", REGION, "2")

    def test_an_alias_stands_for_its_first_version_when_it_is_only_looked_at(self) -> None:
        store = _store(versions=2)
        store.put_alias("orders", REGION, Alias(name="live", version="1", routing={"2": 1.0}))

        assert store.record(store.parse("orders:live")).configuration.version == "1"


class TestWatchers:
    def test_they_are_told_of_concurrency(self) -> None:
        store = _store(versions=1)
        told: list[str] = []
        store.concurrency.watch(told.append)
        named = store.parse("orders:1")

        store.concurrency.reserve(store.parse("orders"), 5)
        store.concurrency.provision(named, 2)
        store.put_alias("orders", REGION, Alias(name="live", version="1"))
        store.delete_alias("orders", REGION, "live")
        store.concurrency.unprovision(named)
        store.delete("orders", REGION)

        assert told == [ARN] * 6

    def test_they_are_told_of_mappings_and_urls(self) -> None:
        store = _store()
        mappings: list[str] = []
        urls: list[str] = []
        store.event_source_mappings.watch(mappings.append)
        store.urls.watch(urls.append)
        named = store.parse("orders")

        mapping = store.event_source_mappings.create(named, QUEUE, settings={})
        store.event_source_mappings.update(mapping.uuid, enabled=False, settings={})
        store.event_source_mappings.delete(mapping.uuid)
        url = store.urls.create(named, auth_type="NONE", cors={})
        store.delete("orders", REGION)

        assert mappings == [mapping.uuid] * 3
        assert urls == [url.url_id] * 2
        assert store.urls.by_id(url.url_id) is None

    def test_what_is_refused_is_not_told(self) -> None:
        store = _store()
        told: list[str] = []
        store.concurrency.watch(told.append)
        store.event_source_mappings.watch(told.append)

        with pytest.raises(ServiceFault):
            store.concurrency.reserve(store.parse("orders"), 901)
        with pytest.raises(ServiceFault):
            store.event_source_mappings.create(store.parse("orders"), QUEUE, settings={"BatchSize": 11})

        assert told == []


class TestProvisioned:
    def test_a_report_is_kept_while_it_is_asked_for(self) -> None:
        store = _store(versions=1)
        named = store.parse("orders:1")
        store.concurrency.provision(named, 2)

        store.concurrency.report(ARN, "1", allocated=2, available=2, status="READY")

        config = store.concurrency.config(named)
        assert (config.status, config.allocated, store.provisioned(ARN, "1")) == ("READY", 2, 2)
        store.concurrency.unprovision(named)
        store.concurrency.report(ARN, "1", allocated=2, available=2, status="READY")
        assert store.provisioned(ARN, "1") is None

    def test_who_asks_of_what_is_missing_gets_nothing(self) -> None:
        store = _store()

        for arn in (ARN, ARN.replace("orders", "missing"), "nonsense"):
            assert store.reserved_concurrency(arn) is None
            assert store.provisioned(arn, "1") is None


class TestUpdates:
    def test_a_refused_change_leaves_everything(self) -> None:
        store = _store()
        before = store.record(store.parse("orders"))

        with pytest.raises(ServiceFault):
            store.update(
                "orders",
                REGION,
                lambda record: dataclasses.replace(
                    record, configuration=dataclasses.replace(record.configuration, timeout_seconds=901)
                ),
            )

        assert store.record(store.parse("orders")) is before

    def test_publishing_what_was_only_put_back_gives_the_old_version(self) -> None:
        store = _store(versions=1)

        store.update("orders", REGION, _described("other"))
        store.update("orders", REGION, _described("0"))

        assert store.publish("orders", REGION).version == "1"


class TestEventSources:
    @pytest.mark.parametrize(
        ("size", "window", "fits"), [(10, 0, True), (11, 0, False), (11, 1, True), (10_000, 300, True)]
    )
    def test_a_large_batch_needs_a_window(self, size: int, window: int, fits: bool) -> None:
        settings = {"BatchSize": size, "MaximumBatchingWindowInSeconds": window}

        if fits:
            assert complete_settings(QUEUE, settings).items() >= settings.items()
        else:
            with pytest.raises(ServiceFault, match="Maximum batch window in seconds must be greater than 0"):
                complete_settings(QUEUE, settings)

    @pytest.mark.parametrize(
        "settings", [{"BatchSize": 11, "MaximumBatchingWindowInSeconds": 1}, {"MaximumBatchingWindowInSeconds": 1}]
    )
    def test_a_fifo_queue_takes_ten_and_no_window(self, settings: dict[str, int]) -> None:
        assert complete_settings(f"{QUEUE}.fifo", {"BatchSize": 10})["BatchSize"] == 10
        with pytest.raises(ServiceFault):
            complete_settings(f"{QUEUE}.fifo", settings)

    def test_positions_belong_to_sources(self) -> None:
        stream = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-01T00:00:00.000"
        moment = {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": datetime(2026, 1, 1, tzinfo=UTC)}

        with pytest.raises(ServiceFault, match="Unsupported starting position AT_TIMESTAMP for DynamoDB"):
            complete_settings(stream, moment)
        with pytest.raises(ServiceFault, match="only supported with the starting position AT_TIMESTAMP"):
            complete_settings(stream, {**moment, "StartingPosition": "LATEST"})

    @pytest.mark.parametrize("kind", SOURCE_KINDS)
    def test_every_default_is_a_setting(self, kind: str) -> None:
        source = SOURCE_KINDS[kind]

        extra = set(source.defaults) - source.settings - {"BatchSize", "MaximumBatchingWindowInSeconds"}

        assert extra == set()


@given(names=st.sets(st.text(alphabet="abc", min_size=1, max_size=4)), size=st.integers(1, 5), gone=st.data())
def test_pages_give_each_item_once_whatever_goes_meanwhile(names: set[str], size: int, gone: st.DataObject) -> None:
    left = set(names)
    seen: list[str] = []
    marker: str | None = None
    while True:
        page, marker = page_of(left, {"MaxItems": size, "Marker": marker}, key=str)
        seen += page
        left -= set(gone.draw(st.lists(st.sampled_from(sorted(page)), unique=True) if page else st.just([])))
        if marker is None:
            break

    assert seen == sorted(names)
