"""Resources that refer to each other: which circles are told, and which links make none."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lambdakit.errors import Diagnostic, DocumentError
from lambdakit.spec.document import load

TOPIC = "Type: AWS::SNS::Topic"
FUNCTION = "code: code, handler: app.handler"
PATTERN = f"patterns: {{work: {{kind: event_processing, source: {{kind: sqs}}, function: {{{FUNCTION}}}}}}}\n"


def _found(directory: Path, text: str) -> list[Diagnostic]:
    (directory / "code").mkdir(exist_ok=True)
    (directory / "code" / "app.py").write_text("def handler(event, context): ...\n")
    (directory / "lambdakit.yaml").write_text(f"application: shop\n{text}")
    try:
        load(directory / "lambdakit.yaml")
    except DocumentError as error:
        return list(error.diagnostics)
    return []


def _topics(**names: str) -> str:
    """Topics, each with a display name that refers to another."""
    lines = [f"  {name}: {{{TOPIC}, Properties: {{DisplayName: {value}}}}}\n" for name, value in names.items()]
    return "cloudformation:\n" + "".join(lines)


@pytest.mark.parametrize("form", ["!Ref {}", "!GetAtt {}.TopicName", '!Sub "${{{}}}"', '!Join ["", [a, !Ref {}]]'])
def test_every_form_of_a_reference_is_a_link(tmp_path: Path, form: str) -> None:
    found = _found(tmp_path, _topics(One=form.format("Two"), Two=form.format("One")) + PATTERN)

    assert [(each.code, each.line) for each in found] == [("LK128", 3)]
    assert found[0].problem == "One refers to Two (line 3) and Two to One (line 4): none of them can be made first"


def test_each_circle_is_told_once(tmp_path: Path) -> None:
    text = _topics(
        One="!Ref Two", Two="!Ref Three", Three="!Ref One", Four="!Ref Five", Five="!Ref Four", Six="!Ref One"
    )

    found = _found(tmp_path, text + PATTERN)

    assert [each.line for each in found] == [3, 6]
    assert "(line 3), Two to Three (line 4) and Three to One (line 5)" in found[0].problem


@pytest.mark.parametrize(
    "text",
    [
        _topics(One="!Ref Two", Two="!Ref Three", Three="plain", Four="!Ref Three") + PATTERN,
        # What CloudFormation keeps beside a resource makes none of another.
        f"cloudformation: {{One: {{{TOPIC}, Metadata: {{its: !Ref One}}}}}}\n{PATTERN}",
        # Two constructs of one pattern.
        _topics(One="!Ref work/Function")
        + PATTERN.replace("source:", "overrides: {SourceQueue: {Tags: [{Key: a, Value: !Ref One}]}}, source:"),
        # A name that a text has itself.
        _topics(One='!Sub ["${One}", {One: a}]') + PATTERN,
        _topics(One='!Sub "${!One}"') + PATTERN,
        # A resource that exists already is made by nobody.
        'resources: {jobs: {kind: queue, queue_arn: "arn:aws:sqs:eu-west-1:123456789012:jobs"}}\n'
        f"functions: {{send: {{{FUNCTION}, grants: {{jobs: publish}}}}}}\n{PATTERN}",
    ],
    ids=["chain", "metadata", "constructs of a pattern", "own name", "escaped", "existing"],
)
def test_what_can_be_made_one_after_the_other_is_no_circle(tmp_path: Path, text: str) -> None:
    assert [each for each in _found(tmp_path, text) if each.code == "LK128"] == []


@pytest.mark.parametrize(
    ("link", "line"),
    [
        ("grants: {jobs: publish}", 6),
        ("dead_letter_queue: jobs", 6),
        ("environment_encryption: sealed", 6),
        ("secrets: {KEY: signing}", 6),
    ],
)
def test_what_a_function_uses_is_made_before_it(tmp_path: Path, link: str, line: int) -> None:
    tag = "overrides: {.: {Tags: [{Key: a, Value: !GetAtt send.Arn}]}}"
    text = (
        f"resources:\n  jobs: {{kind: queue, {tag}}}\n  sealed: {{kind: key, {tag}}}\n"
        f"  signing: {{kind: secret, {tag}}}\nfunctions: {{send: {{{FUNCTION}, {link}}}}}\n{PATTERN}"
    )

    found = _found(tmp_path, text)

    assert [each.code for each in found] == ["LK128"]
    assert f"(line {line})" in found[0].problem


def test_a_circle_within_one_environment_is_told_at_the_overlay(tmp_path: Path) -> None:
    overlay = "environments: {live: {cloudformation: {Two: {Properties: {DisplayName: !Ref One}}}}}\n"

    found = _found(tmp_path, _topics(One="!Ref Two", Two="plain") + overlay + PATTERN)

    assert [(each.code, each.line) for each in found] == [("LK128", 5)]
    assert "One refers to Two (line 3) and Two to One (line 5)" in found[0].problem


def test_a_circle_in_an_included_file_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(_topics(Two="!Ref One"))

    found = _found(tmp_path, "include: [more.yaml]\n" + _topics(One="!Ref Two") + PATTERN)

    assert "One refers to Two (line 4) and Two to One (line 2 of more.yaml)" in found[0].problem


def test_links_across_stacks_are_no_matter_of_one_stack(tmp_path: Path) -> None:
    text = (
        "resources: {jobs: {kind: queue, stack: data, overrides: {.: {Tags: [{Key: a, Value: !Ref One}]}}}}\n"
        + _topics(One="!Ref jobs")
        + PATTERN
    )

    assert {each.code for each in _found(tmp_path, text)} == {"LK148"}


def test_everything_that_refers_to_everything_is_told_in_bounded_time(tmp_path: Path) -> None:
    names = [f"T{number}" for number in range(150)]
    every = "{Fn::Join: ['', [" + ", ".join(f"!Ref {name}" for name in names) + "]]}"
    started = time.perf_counter()

    found = _found(tmp_path, _topics(**dict.fromkeys(names, every)) + PATTERN)

    assert {each.code for each in found} == {"LK128"}
    assert len(found) == 20
    assert time.perf_counter() - started < 20
