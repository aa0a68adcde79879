"""`parameters`, `${Name}` in texts, and `context`."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.errors import Diagnostic, DocumentError
from lambdakit.spec.document import Document, load
from lambdakit.spec.parameter_texts import parts_of, references, texts_of, with_texts
from lambdakit.spec.patterns import ApiBackend, Route


def _load(directory: Path, *, top: str, route: str = "", defaults: str = "{}") -> Document:
    (directory / "code").mkdir(exist_ok=True)
    (directory / "code" / "app.py").touch()
    (directory / "lambdakit.yaml").write_text(
        f"application: shop\n{top}\ndefaults: {defaults}\npatterns:\n  orders:\n    kind: api_backend\n    routes:\n"
        f"      GET /: {{code: code, handler: app.read{route}}}\n"
    )
    return load(directory / "lambdakit.yaml")


def _refused(directory: Path, *, top: str, route: str = "", defaults: str = "{}") -> tuple[Diagnostic, ...]:
    with pytest.raises(DocumentError) as caught:
        _load(directory, top=top, route=route, defaults=defaults)
    return caught.value.diagnostics


def test_a_parameter_has_cloudformations_settings_in_the_cdks_words(tmp_path: Path) -> None:
    written = "{type: Number, default: 5, min_value: 1, max_value: 9.5, description: how many, no_echo: true}"

    document = _load(tmp_path, top=f"parameters: {{Count: {written}, Stage: {{}}}}")

    count, stage = document.application.parameters.values()
    assert (count.type, count.default, count.min_value, count.max_value) == ("Number", 5, 1, 9.5)
    assert (count.description, count.no_echo) == ("how many", True)
    assert (stage.type, stage.default, stage.allowed_values) == ("String", None, None)


@pytest.mark.parametrize(
    ("type_name", "is_list"),
    [
        ("String", False),
        ("Number", False),
        ("CommaDelimitedList", True),
        ("List<Number>", True),
        ("AWS::EC2::VPC::Id", False),
        ("List<AWS::EC2::Subnet::Id>", True),
        ("AWS::SSM::Parameter::Name", False),
        ("AWS::SSM::Parameter::Value<String>", False),
        ("AWS::SSM::Parameter::Value<List<String>>", True),
        ("AWS::SSM::Parameter::Value<CommaDelimitedList>", True),
        ("AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", False),
        ("AWS::SSM::Parameter::Value<List<AWS::EC2::Image::Id>>", True),
    ],
)
def test_cloudformations_types_are_known(tmp_path: Path, type_name: str, is_list: bool) -> None:
    document = _load(tmp_path, top=f"parameters: {{One: {{type: {type_name}}}}}")

    assert document.application.parameters["One"].is_list is is_list


@pytest.mark.parametrize(
    ("parameters", "code", "pointer"),
    [
        ("{a-b: {}}", "LK115", "parameters.a-b"),
        ("{BootstrapVersion: {}}", "LK113", "parameters.BootstrapVersion"),
        ("{One: {type: string}}", "LK115", "parameters.One.type"),
        ("{One: {type: List<String>}}", "LK115", "parameters.One.type"),
        ("{One: {typ: String}}", "LK111", "parameters.One.typ"),
        ("{One: {default: true}}", "LK112", "parameters.One.default"),
        ("{One: {default: [a]}}", "LK112", "parameters.One.default"),
        ("{One: {default: .inf}}", "LK115", "parameters.One.default"),
        ("{One: {allowed_values: []}}", "LK120", "parameters.One.allowed_values"),
        ("{One: {min_length: -1}}", "LK114", "parameters.One.min_length"),
        ("{One: {type: Number, min_value: .nan}}", "LK115", "parameters.One.min_value"),
        ("{One: {min_value: 1}}", "LK158", "parameters.One.min_value"),
        ("{One: {type: Number, allowed_pattern: a}}", "LK158", "parameters.One.allowed_pattern"),
        ("{One: {min_length: 3, max_length: 2}}", "LK158", "parameters.One.min_length"),
        ("{One: {type: Number, min_value: 3, max_value: 2}}", "LK158", "parameters.One.min_value"),
        ("{One: {default: test, allowed_values: [dev, prod]}}", "LK158", "parameters.One.default"),
        ("{One: {default: a, min_length: 2}}", "LK158", "parameters.One.default"),
        ("{One: {default: abc, max_length: 2}}", "LK158", "parameters.One.default"),
        ("{One: {default: abc, allowed_pattern: '[0-9]+'}}", "LK158", "parameters.One.default"),
        ("{One: {type: Number, default: abc}}", "LK158", "parameters.One.default"),
        ("{One: {type: Number, default: 0, min_value: 1}}", "LK158", "parameters.One.default"),
        ("{One: {type: Number, default: 2, max_value: 1}}", "LK158", "parameters.One.default"),
        ('{One: {type: List<Number>, default: "1, x"}}', "LK158", "parameters.One.default"),
        ('{One: {type: CommaDelimitedList, default: "a, c", allowed_values: [a]}}', "LK158", "parameters.One.default"),
    ],
)  # fmt: skip
def test_what_cloudformation_would_refuse_is_refused(tmp_path: Path, parameters: str, code: str, pointer: str) -> None:
    (found,) = _refused(tmp_path, top=f"parameters: {parameters}")

    assert (found.code, found.pointer) == (code, pointer)


@pytest.mark.parametrize(
    "parameters",
    [
        "{One: {default: 5, allowed_values: ['5', 6]}}",
        "{One: {default: abc, min_length: 3, max_length: 3, allowed_pattern: '[a-c]{3}'}}",
        "{One: {type: Number, default: '1', min_value: 1, max_value: 1}}",
        '{One: {type: List<Number>, default: "1, 2"}}',
        "{One: {default: abc, allowed_pattern: '(?<n>a)\\p{Lower}+'}}",
        "{One: {type: 'AWS::SSM::Parameter::Value<String>', default: /shop/stage, allowed_values: [a]}}",
    ],
)
def test_what_cloudformation_takes_is_taken(tmp_path: Path, parameters: str) -> None:
    assert list(_load(tmp_path, top=f"parameters: {parameters}").application.parameters) == ["One"]


def test_a_pattern_that_would_take_for_ever_is_not_tried(tmp_path: Path) -> None:
    parameter = f"{{default: {'a' * 40}, allowed_pattern: '(a+)+b'}}"

    assert _load(tmp_path, top=f"parameters: {{One: {parameter}}}").application.parameters["One"].default


@pytest.mark.parametrize(("number", "is_allowed"), [(200, True), (201, False)])
def test_there_is_an_end_to_the_number_of_parameters(tmp_path: Path, number: int, is_allowed: bool) -> None:
    parameters = "parameters: {" + ", ".join(f"P{each}: {{}}" for each in range(number)) + "}"

    if is_allowed:
        assert len(_load(tmp_path, top=parameters).application.parameters) == number
    else:
        assert [each.code for each in _refused(tmp_path, top=parameters)] == ["LK120"]


_PARAMETERS = "parameters: {Stage: {}, Zones: {type: CommaDelimitedList}}"


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ('environment: {LEVEL: "${Stagee}"}', "write ${Stage}, or write ${!Stagee} for the text itself"),
        (
            'environment: {LEVEL: "${Stage} ${None}"}',
            "declare None below parameters, or write ${!None} for the text itself",
        ),
        ('description: "of ${Stagee}"', "write ${Stage}"),
        ('alias: {description: "of ${Stagee}"}', "write ${Stage}"),
        ('tags: {stage: "${Stagee}"}', "write ${Stage}"),
        ('environment: {LEVEL: "${Zones}"}', "declare a parameter of type String"),
        ('environment: {LEVEL: "${AWS::Regoin}"}', "write ${AWS::Region}, or write ${!AWS::Regoin} for the text"),
    ],
)
def test_a_reference_to_no_parameter_is_refused(tmp_path: Path, where: str, hint: str) -> None:
    (found,) = _refused(tmp_path, top=_PARAMETERS, route=f", {where}")

    assert (found.code, found.hint.startswith(hint)) == ("LK157", True)


def test_a_reference_of_the_defaults_is_told_there(tmp_path: Path) -> None:
    (found,) = _refused(tmp_path, top=_PARAMETERS, defaults='{environment: {LEVEL: "${Nothing}"}}')

    assert (found.code, found.pointer, found.line) == ("LK157", "defaults.environment.LEVEL", 3)


def test_without_parameters_a_text_is_a_text(tmp_path: Path) -> None:
    route = ', environment: {GREETING: "Hello ${name} ${!x}"}, description: "${HOME}"'

    document = _load(tmp_path, top="", route=route)

    assert dict(texts_of(document.application)).popitem()[1] == "${HOME}"


def test_a_tag_holds_parameters_and_no_other_such_text(tmp_path: Path) -> None:
    (found,) = _refused(tmp_path, top="", route=', tags: {stage: "${Stage}"}')

    assert (found.code, found.hint) == ("LK157", "declare Stage below parameters")
    assert _load(tmp_path, top=_PARAMETERS, route=', tags: {stage: "a-${Stage}"}')


@pytest.mark.parametrize("top", ["", _PARAMETERS], ids=["without parameters", "with parameters"])
def test_where_the_stack_is_may_stand_in_every_text(tmp_path: Path, top: str) -> None:
    route = (
        ', environment: {ARN: "arn:${AWS::Partition}:${AWS::Region}:${!AWS::Region}"}, tags: {s: "${AWS::StackName}"}'
    )

    document = _load(tmp_path, top=top, route=route)

    ((_, text), (_, tag)) = texts_of(document.application)
    assert [name for name in references(text) + references(tag)] == ["AWS::Partition", "AWS::Region", "AWS::StackName"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("${AWS::Regoin}", "write ${AWS::Region}, or write ${!AWS::Regoin} for the text itself"),
        ("${AWS::NoValue}", "a text can hold AWS::AccountId, AWS::Partition, AWS::Region, AWS::StackId, "),
        ("${AWS::NotificationARNs}", "a text can hold AWS::AccountId, "),
        ("${jobs.Arn}", "let the function's grants say jobs: publish, which gives it a variable; or "),
        ("at ${Raw.QueueName}", "write it below overrides, with !Sub"),
    ],
)
def test_what_no_text_can_hold_is_told_without_parameters_too(tmp_path: Path, text: str, hint: str) -> None:
    top = "resources: {jobs: {kind: queue}}\ncloudformation: {Raw: {Type: AWS::SQS::Queue}}"

    (found,) = _refused(tmp_path, top=top, route=f', environment: {{LEVEL: "{text}"}}')

    assert (found.code, found.hint.startswith(hint)) == ("LK157", True)


def test_an_attribute_of_nothing_of_the_documents_is_text(tmp_path: Path) -> None:
    assert _load(tmp_path, top="", route=', environment: {LEVEL: "${user.Name} ${jobs.length}"}')


def test_an_invalid_parameter_is_not_said_to_be_missing(tmp_path: Path) -> None:
    diagnostics = _refused(tmp_path, top="parameters: {Stage: {type: 5}}", route=', environment: {LEVEL: "${Stage}"}')

    assert [each.code for each in diagnostics] == ["LK112"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("plain", [("plain", False)]),
        ("${A}", [("A", True)]),
        ("x-${A}${B}", [("x-", False), ("A", True), ("B", True)]),
        ("${!A} ${A}", [("${A} ", False), ("A", True)]),
        ("${C} ${A", [("${C} ${A", False)]),
        ("$${A}}", [("$", False), ("A", True), ("}", False)]),
    ],
)
def test_a_text_is_taken_apart_at_its_parameters(text: str, parts: list[tuple[str, bool]]) -> None:
    assert parts_of(text, {"A", "B"}) == parts


@given(
    st.lists(st.sampled_from(["${A}", "${!A}", "${B}", "$", "{", "}", "!", "A", "${", " "]), max_size=8).map("".join)
)
@settings(deadline=None)
def test_the_parts_of_a_text_make_it_up(text: str) -> None:
    parts = parts_of(text, {"A"})

    assert "".join(f"${{{part}}}" if is_name else part for part, is_name in parts) == text.replace(
        "${!A}", "${A}"
    ).replace("${!B}", "${B}")
    assert [part for part, is_name in parts if is_name] == [name for name in references(text) if name == "A"]
    assert all(first or second for (_, first), (_, second) in itertools.pairwise(parts))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("${AWS::Region}", [("AWS::Region", True)]),
        ("${!AWS::Region} ${A} ${!A}", [("${AWS::Region} ${A} ${!A}", False)]),
        ("${AWS::NoValue}", [("${AWS::NoValue}", False)]),
    ],
)
def test_without_parameters_only_where_the_stack_is_counts(text: str, parts: list[tuple[str, bool]]) -> None:
    assert parts_of(text, set(), has_parameters=False) == parts


def test_texts_are_replaced_and_nothing_else(tmp_path: Path) -> None:
    route = ", environment: {LEVEL: a}, description: b, tags: {c: d}, alias: {name: e, description: f}, name: g"
    application = _load(tmp_path, top="", route=route, defaults="{environment: {MODE: h}}").application

    replaced = with_texts(application, str.upper)

    orders = replaced.patterns["orders"]
    assert isinstance(orders, ApiBackend)
    made = orders.routes["GET /"]
    assert isinstance(made, Route)
    assert (made.environment, made.description, made.tags) == ({"LEVEL": "A"}, "B", {"c": "D"})
    assert (made.alias.name, made.alias.description, made.name) == ("e", "F", "g")
    assert replaced.defaults.environment == {"MODE": "H"}
    assert made.model_fields_set == {"code", "handler", "environment", "description", "tags", "alias", "name"}


@pytest.mark.parametrize(
    ("context", "code"),
    [
        ('{"@aws-cdk/core:stackRelativeExports": true, mine: {a: [1]}}', ""),
        ('{"aws:cdk:enable-path-metadata": false}', "LK113"),
        ('{"": 1}', "LK115"),
        ("{a: .nan}", "LK115"),
        ("[]", "LK112"),
    ],
)
def test_context_is_the_cdk_applications(tmp_path: Path, context: str, code: str) -> None:
    if code:
        assert [each.code for each in _refused(tmp_path, top=f"context: {context}")] == [code]
    else:
        assert _load(tmp_path, top=f"context: {context}").application.context["mine"] == {"a": [1]}


@pytest.mark.parametrize(
    "text",
    ["${HOME}/bin", "Hello ${name}", "${!Kept}", "$${Stage}", "${AWS::Region}", "${Stage:-dev}", "{{ ${Stage} }}"],
)
def test_a_document_without_parameters_leaves_texts_alone(tmp_path: Path, text: str) -> None:
    environments = "environments: {live: {defaults: {memory_size: 512}}}"

    document = _load(tmp_path, top=environments, route=f', environment: {{TEXT: "{text}"}}, description: "{text}"')

    assert [each for _, each in texts_of(document.application)] == [text, text]


@pytest.mark.parametrize(
    "text", ["$HOME", "${!HOME}", "${AWS::Region}", "${Stage:-dev}", "#{Stage}", "{Stage}", "${ Stage }"]
)
def test_what_is_no_name_of_a_parameter_is_text_in_every_environment(tmp_path: Path, text: str) -> None:
    top = "parameters: {Stage: {default: dev}}\nenvironments: {bare: {parameters: none}}"

    assert _load(tmp_path, top=top, route=f', environment: {{TEXT: "{text}"}}').environments["bare"]


@pytest.mark.parametrize(
    ("top", "pointer", "problem"),
    [
        (
            "parameters: {Stage: {default: dev}}\nenvironments: {bare: {parameters: none}}",
            "environments.bare.parameters",
            "there is no parameter Stage here, which other stacks of the document have",
        ),
        (
            "environments: {live: {parameters: {Stage: {default: prod}}}}",
            "patterns.orders.routes.GET /.environment.STAGE",
            "there is no parameter Stage here, which other stacks of the document have",
        ),
        (
            "environments: {live: {parameters: {Stages: {default: prod}}}}",
            "patterns.orders.routes.GET /.environment.STAGE",
            "there is no parameter Stage",
        ),
    ],
    ids=["removed", "of an environment alone", "misspelt"],
)
def test_a_text_never_silently_loses_its_parameter(tmp_path: Path, top: str, pointer: str, problem: str) -> None:
    found = _refused(tmp_path, top=top, route=', environment: {STAGE: "${Stage}"}')

    assert found[0].pointer == pointer
    assert found[0].problem.endswith(problem)
    assert {each.code for each in found} == {"LK157"}
