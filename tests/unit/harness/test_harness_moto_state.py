"""Canaries for what is read and written behind moto's back: they fail when a moto release moves it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.http_apis import CorsConfiguration, Integration, Stage, read_http_api
from lambdakit.harness.moto_state.logs import LogPlace, LogWriter

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT = "111122223333"
REGION = "eu-west-1"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn:live"


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=ACCOUNT, region=REGION)


class TestHttpApis:
    def test_an_api_is_read_as_it_was_made(self, account: Account) -> None:
        client = account.client("apigatewayv2")
        api_id = client.create_api(
            Name="shop",
            ProtocolType="HTTP",
            CorsConfiguration={
                "AllowOrigins": ["https://a"],
                "AllowMethods": ["GET"],
                "AllowHeaders": ["x-one"],
                "ExposeHeaders": ["date"],
                "AllowCredentials": True,
                "MaxAge": 0,
            },
        )["ApiId"]
        integration = client.create_integration(
            ApiId=api_id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=ARN,
            PayloadFormatVersion="2.0",
            TimeoutInMillis=5000,
        )["IntegrationId"]
        client.create_route(ApiId=api_id, RouteKey="GET /a", Target=f"integrations/{integration}")
        client.create_route(ApiId=api_id, RouteKey="$default")
        client.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
        client.create_stage(ApiId=api_id, StageName="prod", StageVariables={"k": "v"})

        api = read_http_api(ACCOUNT, REGION, api_id)

        assert api is not None
        assert (api.api_id, api.name) == (api_id, "shop")
        routes = {route.key: route for route in api.routes}
        assert routes["GET /a"].integration == Integration(
            type="AWS_PROXY", uri=ARN, payload_format_version="2.0", timeout_seconds=5.0, method="POST"
        )
        assert routes["GET /a"].authorization == "NONE"
        assert routes["$default"].integration is None
        assert api.stages == {
            "$default": Stage(name="$default"),
            "prod": Stage(name="prod", variables={"k": "v"}),
        }
        assert api.cors == CorsConfiguration(
            allow_origins=("https://a",),
            allow_methods=("GET",),
            allow_headers=("x-one",),
            expose_headers=("date",),
            allow_credentials=True,
            max_age_seconds=0,
        )

    def test_an_api_without_cors_has_none(self, account: Account) -> None:
        api_id = account.client("apigatewayv2").create_api(Name="plain", ProtocolType="HTTP")["ApiId"]

        api = read_http_api(ACCOUNT, REGION, api_id)

        assert api is not None
        assert (api.cors, list(api.routes), dict(api.stages)) == (None, [], {})

    def test_what_is_missing_deleted_or_of_another_kind_is_none(self, account: Account) -> None:
        client = account.client("apigatewayv2")
        deleted = client.create_api(Name="deleted", ProtocolType="HTTP")["ApiId"]
        client.delete_api(ApiId=deleted)
        sockets = client.create_api(
            Name="sockets", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
        )["ApiId"]

        assert [read_http_api(ACCOUNT, REGION, api_id) for api_id in ("missing", deleted, sockets)] == [None] * 3
        assert read_http_api(ACCOUNT, "us-east-1", "missing") is None


class TestLogs:
    @pytest.fixture
    def writer(self) -> Iterator[LogWriter]:
        writer = LogWriter()
        yield writer
        writer.close()

    @pytest.fixture
    def place(self) -> LogPlace:
        return LogPlace(account_id=ACCOUNT, region=REGION, group=f"/aws/lambda/fn-{uuid.uuid4()}", stream="s/[1]a")

    def _messages(self, account: Account, place: LogPlace) -> list[str]:
        events: list[dict[str, Any]] = account.client("logs").get_log_events(
            logGroupName=place.group, logStreamName=place.stream, startFromHead=True
        )["events"]
        return [event["message"] for event in events]

    def test_lines_arrive_in_order_and_make_group_and_stream(
        self, account: Account, writer: LogWriter, place: LogPlace
    ) -> None:
        now = datetime.now(UTC)

        for number in range(500):
            writer.write(place, f"line {number}", now)
        writer.flush()

        messages = []
        pages = account.client("logs").get_paginator("filter_log_events").paginate(logGroupName=place.group)
        for page in pages:
            messages += [event["message"] for event in page["events"]]
        assert messages == [f"line {number}" for number in range(500)]

    def test_a_group_that_is_there_is_used(self, account: Account, writer: LogWriter, place: LogPlace) -> None:
        logs = account.client("logs")
        logs.create_log_group(logGroupName=place.group)
        logs.put_retention_policy(logGroupName=place.group, retentionInDays=7)

        writer.write(place, "hello", datetime.now(UTC))
        writer.flush()

        (group,) = logs.describe_log_groups(logGroupNamePrefix=place.group)["logGroups"]
        assert group["retentionInDays"] == 7
        assert self._messages(account, place) == ["hello"]

    @pytest.mark.parametrize(
        ("line", "kept"), [("", " "), ("ü😀", "ü😀"), ("a\nb", "a\nb"), ("x" * 262_118, "x" * 262_118)]
    )
    def test_every_line_can_be_kept(
        self, account: Account, writer: LogWriter, place: LogPlace, line: str, kept: str
    ) -> None:
        writer.write(place, line, datetime.now(UTC))
        writer.flush()

        assert self._messages(account, place) == [kept]

    def test_a_clock_that_runs_back_loses_no_line(self, account: Account, writer: LogWriter, place: LogPlace) -> None:
        now = datetime.now(UTC)

        for seconds in (2, 1, 0):
            writer.write(place, f"line {seconds}", now + timedelta(seconds=seconds))
        writer.flush()

        assert sorted(self._messages(account, place)) == ["line 0", "line 1", "line 2"]

    def test_a_deleted_group_is_made_again(self, account: Account, writer: LogWriter, place: LogPlace) -> None:
        writer.write(place, "before", datetime.now(UTC))
        writer.flush()
        account.client("logs").delete_log_group(logGroupName=place.group)

        writer.write(place, "after", datetime.now(UTC))
        writer.flush()

        assert self._messages(account, place) == ["after"]

    def test_closing_writes_what_is_left(self, account: Account, place: LogPlace) -> None:
        writer = LogWriter()
        writer.write(place, "last", datetime.now(UTC))

        writer.close()
        writer.close()

        assert self._messages(account, place) == ["last"]

    def test_a_failure_is_raised_by_whoever_asks_next(self, writer: LogWriter) -> None:
        nowhere = LogPlace(account_id=ACCOUNT, region="no-such-region", group="g", stream="s")

        writer.write(nowhere, "lost", datetime.now(UTC))

        with pytest.raises(KeyError):
            writer.flush()
        writer.flush()
