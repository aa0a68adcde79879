"""Documents of several stacks: which there are, what they are called, and what two of them can share."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdakit.errors import DocumentError
from lambdakit.spec.document import Document, load
from lambdakit.spec.stack_contents import layers_in, parameters_in

FUNCTION = "{code: code, handler: app.handler}"
PATTERN = f"source: {{kind: sqs}}, function: {FUNCTION}"


def _load(directory: Path, text: str) -> Document:
    (directory / "code").mkdir(exist_ok=True)
    (directory / "code" / "app.py").write_text("def handler(event, context): ...\n")
    (directory / "lambdakit.yaml").write_text(f"application: shop\n{text}")
    return load(directory / "lambdakit.yaml")


def _codes(directory: Path, text: str) -> list[str]:
    try:
        _load(directory, text)
    except DocumentError as error:
        return [each.code for each in error.diagnostics]
    return []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"patterns: {{a: {{kind: event_processing, {PATTERN}}}}}", ["shop"]),
        (f"patterns: {{a: {{kind: event_processing, stack: web, {PATTERN}}}}}", ["shop-web"]),
        (
            f"patterns: {{a: {{kind: event_processing, stack: web, {PATTERN}}}}}\n"
            f"functions: {{f: {{stack: a-1, code: code, handler: app.handler}}}}\n"
            "resources: {q: {kind: queue}}",
            ["shop", "shop-web", "shop-a-1"],
        ),
        (
            f"patterns: {{a: {{kind: event_processing, stack: web, {PATTERN}}}}}\n"
            "resources: {old: {kind: parameter, parameter_name: /old}, t: {kind: table, table_name: old}}",
            ["shop-web"],
        ),
        (
            f"patterns: {{a: {{kind: event_processing, stack: web, {PATTERN}}}}}\nnetwork: {{vpc: {{max_azs: 2}}}}",
            ["shop", "shop-web"],
        ),
        (
            f"patterns: {{a: {{kind: event_processing, stack: web, {PATTERN}}}}}\n"
            "cloudformation: {Q: {Type: AWS::SQS::Queue}}",
            ["shop", "shop-web"],
        ),
    ],
    ids=["own", "no own", "function and resource", "existing stand in none", "network", "cloudformation"],
)
def test_stacks_are_those_that_something_stands_in(tmp_path: Path, text: str, names: list[str]) -> None:
    document = _load(tmp_path, text)

    assert list(document.stack_names) == names


def test_an_overlay_moves_a_part_and_brings_it_back(tmp_path: Path) -> None:
    document = _load(
        tmp_path,
        "patterns:\n"
        f"  a: {{kind: event_processing, stack: web, {PATTERN}}}\n"
        f"  b: {{kind: event_processing, {PATTERN}}}\n"
        "environments:\n"
        "  live: {patterns: {b: {stack: jobs}}}\n"
        "  test: {patterns: {a: {stack: none}}}\n",
    )

    assert document.stack_names == ("shop", "shop-web")
    assert document.environments["live"].stack_names == ("shop-web-live", "shop-jobs-live")
    assert document.environments["test"].stack_names == ("shop-test",)
    assert document.environments["live"].stack_of(("patterns", "b", "function")) == "shop-jobs-live"


def test_layers_and_parameters_are_those_of_the_parts(tmp_path: Path) -> None:
    application = _load(
        tmp_path,
        "parameters: {A: {default: x}, B: {default: x}, C: {default: x}, D: {default: x}}\n"
        "layers: {one: {code: code}, two: {code: code}, none-has-it: {code: code}}\n"
        "defaults: {layers: [one], tags: {a: '${A}'}}\n"
        "resources: {q: {kind: queue, stack: data}}\n"
        "patterns:\n"
        "  a: {kind: event_processing, stack: web, source: {kind: sqs}, overrides: {Queue: {DelaySeconds: !Ref B}},\n"
        "      function: {code: code, handler: app.handler, layers: [two]}}\n"
        f"  b: {{kind: event_processing, {PATTERN}}}\n"
        "outputs: {O: {value: !Sub 'x${C}'}}\n",
    ).application

    layers = {stack: list(layers_in(application, stack)) for stack in ("", "web", "data")}
    parameters = {stack: list(parameters_in(application, stack)) for stack in ("", "web", "data")}

    assert layers == {"": ["one", "none-has-it"], "web": ["two"], "data": []}
    assert parameters == {"": ["A", "C", "D"], "web": ["A", "B"], "data": []}


class TestCircles:
    SHARED = "resources: {q: {kind: queue, stack: data}, t: {kind: topic}}\n"

    def test_one_way_is_none(self, tmp_path: Path) -> None:
        function = "{code: code, handler: app.handler, grants: {q: publish, t: publish}}"
        pattern = f"{{kind: event_processing, stack: web, source: {{kind: sqs}}, function: {function}}}"

        assert _codes(tmp_path, f"{self.SHARED}patterns: {{a: {pattern}}}") == []

    def test_a_circle_of_three_is_told_at_every_step(self, tmp_path: Path) -> None:
        def pattern(stack: str, grants: str) -> str:
            function = f"{{code: code, handler: app.handler, grants: {{{grants}: publish}}}}"
            return f"{{kind: event_processing, stack: {stack}, source: {{kind: sqs}}, function: {function}}}"

        text = (
            "resources: {x: {kind: queue, stack: one}, y: {kind: queue, stack: two}, z: {kind: queue, stack: three}}\n"
            f"patterns: {{a: {pattern('one', 'y')}, b: {pattern('two', 'z')}, c: {pattern('three', 'x')}}}"
        )

        assert _codes(tmp_path, text) == ["LK148"] * 3

    def test_the_network_is_the_own_stacks(self, tmp_path: Path) -> None:
        function = "{code: code, handler: app.handler, grants: {q: publish}}"
        text = (
            "network: {vpc: {max_azs: 2}}\nresources: {q: {kind: queue, stack: data}}\n"
            f"patterns:\n  a: {{kind: event_processing, source: {{kind: sqs}}, function: {function}}}\n"
            f"  b: {{kind: event_processing, stack: data, {PATTERN}}}\n"
        )

        assert _codes(tmp_path, text) == ["LK148"] * 2
        assert _codes(tmp_path, text.replace("stack: data, source", "stack: other, source")) == []

    @pytest.mark.parametrize("stack", ["", "stack: web, "], ids=["elsewhere", "together"])
    @pytest.mark.parametrize(
        ("source", "failure"),
        [
            ("{kind: event_rule, event_pattern: {source: [a]}}", "{kind: sqs, queue: q}"),
            ("{kind: s3}", "{kind: sqs, queue: q}"),
            ("{kind: s3, bucket: b, via: notification}", "{kind: sqs}"),
        ],
        ids=["rule", "bucket's rule", "notification"],
    )
    def test_what_names_each_other_stands_together(self, tmp_path: Path, stack: str, source: str, failure: str) -> None:
        text = (
            f"resources: {{q: {{{stack}kind: queue}}, b: {{{stack}kind: bucket}}}}\n"
            f"patterns: {{a: {{kind: event_processing, stack: web, source: {source}, function: {FUNCTION}, "
            f"on_failure: {failure}}}}}"
        )

        assert _codes(tmp_path, text) == ([] if stack else ["LK148"])


@pytest.mark.parametrize(("others", "codes"), [(14, []), (15, ["LK150"])], ids=["500", "501"])
def test_a_stack_has_500_resources(tmp_path: Path, others: int, codes: list[str]) -> None:
    routes = "".join(f"      GET /r{number}: {FUNCTION}\n" for number in range(54))
    queues = "".join(f"  Q{number}: {{Type: AWS::SQS::Queue}}\n" for number in range(others))

    found = _codes(tmp_path, f"patterns:\n  a:\n    kind: api_backend\n    routes:\n{routes}cloudformation:\n{queues}")

    assert found == codes


def test_a_stack_that_is_written_wrongly_is_all_that_is_told(tmp_path: Path) -> None:
    def pattern(key: str) -> str:
        routes = "".join(f"      GET /{key}{number}: {FUNCTION}\n" for number in range(54))
        return f"  {key}:\n    kind: api_backend\n    stack: my_{key}\n    routes:\n{routes}"

    assert _codes(tmp_path, f"patterns:\n{pattern('a')}{pattern('b')}") == ["LK115", "LK115"]


def test_outputs_need_a_stack_to_stand_in(tmp_path: Path) -> None:
    pattern = f"patterns: {{a: {{kind: event_processing, stack: web, {PATTERN}}}}}"
    written = "conditions: {IsIt: !Equals [a, b]}\n"

    assert _load(tmp_path, f"{written}{pattern}").stack_names == ("shop-web",)
    assert _codes(tmp_path, f"{written}outputs: {{Name: {{value: x}}}}\n{pattern}") == ["LK149"]
