"""`lambdakit events`."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from lambdakit.cli.application import application
from lambdakit.session.sample_events.generate import sample_event
from lambdakit.session.sample_events.sample import Choices
from lambdakit.session.sample_events.samples import SAMPLES


def run(*arguments: str) -> Result:
    return CliRunner().invoke(application(arguments), arguments, prog_name="lambdakit")


def test_the_list_has_every_source_and_what_it_takes() -> None:
    shown = run("events", "list")

    heading, *rows = shown.stdout.splitlines()
    assert heading.split() == ["SOURCE", "ARRIVES", "EVENT", "OPTIONS"]
    assert [row.split()[0] for row in rows] == list(SAMPLES)
    [sqs] = [row for row in rows if row.startswith("sqs ")]
    assert "pulled" in sqs
    assert sqs.endswith("--account-id --region --count --body")


@pytest.mark.parametrize("source", SAMPLES)
def test_every_source_is_printed(source: str) -> None:
    shown = run("events", "generate", source)

    assert (shown.exit_code, shown.stderr) == (0, "")
    assert json.loads(shown.stdout) == sample_event(source)


def test_every_option_reaches_the_event() -> None:
    given = {"--body": '{"a":1}', "--key": "k", "--region": "eu-west-1", "--account-id": "210987654321", "--count": "2"}

    shown = run("events", "generate", "kinesis", *(part for pair in given.items() for part in pair))

    choices = Choices(body='{"a":1}', key="k", region="eu-west-1", account_id="210987654321", count=2)
    assert json.loads(shown.stdout) == sample_event("kinesis", choices)


@pytest.mark.parametrize(
    ("source", "given", "choices"),
    [
        ("s3-put", ("--bucket", "b", "--key", "a b"), Choices(bucket="b", key="a b")),
        ("sns", ("--message", ""), Choices(message="")),
        ("rest-api", ("--method", "delete", "--path", "/x"), Choices(method="delete", path="/x")),
    ],
)
def test_telling_parts_are_chosen(source: str, given: tuple[str, ...], choices: Choices) -> None:
    assert json.loads(run("events", "generate", source, *given).stdout) == sample_event(source, choices)


def test_members_are_laid_over_the_event() -> None:
    shown = run("events", "generate", "sqs", "--json", '{"Records": [{"eventSourceARN": "arn:mine"}], "more": null}')

    event = json.loads(shown.stdout)
    assert (event["Records"][0]["eventSourceARN"], event["more"]) == ("arn:mine", None)
    assert event["Records"][0]["body"] == "Hello from SQS"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sq",), "there is no source 'sq'; nearest are sqs, sqs-fifo [LK580]"),
        (("sqs", "--bucket", "b"), "sqs: --bucket stands nowhere in an event of sqs [LK581]"),
        (("sqs", "--json", "{'a': 1}"), "--json:1:2: --json is no JSON: expecting property name"),
        (("sqs", "--json", "[" * 100_000), "--json: --json is nested too deep [LK581]"),
        (("sqs", "--region", "Frankfurt"), "sqs: --region 'Frankfurt' is no region [LK581]"),
    ],
    ids=["source", "option", "no JSON", "deep JSON", "region"],
)
def test_mistakes_are_told_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    refused = run("events", "generate", *arguments)

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith(message)


def test_a_count_that_is_no_number_is_a_wrong_command_line() -> None:
    assert run("events", "generate", "sqs", "--count", "many").exit_code == 2
