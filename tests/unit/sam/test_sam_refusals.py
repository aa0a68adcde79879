from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from lambdakit.cli.application import application
from lambdakit.errors import LambdakitError
from lambdakit.sam.conversion import convert
from lambdakit.sam.template_file import read_template_file
from lambdakit.sam.yaml_text import yaml_text
from lambdakit.spec.yaml_composer import compose
from lambdakit.spec.yaml_nodes import plain_value
from tests.fakes.sam_templates import HEAD, assert_loads, function, project_in


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_in(tmp_path)


def run(*arguments: str | Path) -> Result:
    texts = [str(argument) for argument in arguments]
    return CliRunner().invoke(application(texts), texts, prog_name="lambdakit")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("serverless.yml", "provider: {name: aws}\nfunctions: {}\n", "nothing of the template can be said"),
        ("cdk.json", '{"Resources": {"A": {"Type": "AWS::SQS::Queue"}}}', "this is no SAM template"),
        ("empty.yaml", "", "this is no template"),
        ("list.yaml", "- a\n", "this is no template"),
        ("none.yaml", HEAD + "Resources: {}\n", "nothing of the template can be said"),
        ("tag.yaml", HEAD + "Resources: !python/object:os.system {}\n", "tag"),
        ("bomb.yaml", "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(8)), "values"),
        ("twice.yaml", HEAD + "Resources: {}\nResources: {}\n", "given twice"),
    ],
)  # fmt: skip
def test_other_files_are_refused(project: Path, name: str, text: str, problem: str) -> None:
    (project / name).write_text(text)

    refused = run("import", project / name)

    assert refused.exit_code == 1
    assert problem in refused.stderr
    assert "Traceback" not in refused.output
    assert not (project / "lambdakit.yaml").exists()


def test_a_file_that_cannot_be_read_is_called_a_template(tmp_path: Path) -> None:
    nothing = run("import", tmp_path / "nothing.yaml")
    (tmp_path / "template.yml").write_text(HEAD)
    directory = run("import", tmp_path)

    assert (nothing.exit_code, directory.exit_code) == (1, 1)
    assert nothing.stderr.splitlines()[1] == "  hint: name the template"
    assert directory.stderr.splitlines() == [
        f"{tmp_path}: this is a directory, a template is a file [LK100]",
        f"  hint: name {tmp_path / 'template.yml'}",
    ]


def test_command_writes_a_valid_document_and_lists_gaps_with_lines(project: Path) -> None:
    template = project / "template.yaml"
    body = function("T: {Type: Schedule, Properties: {Schedule: rate(1 day)}}", "VpcConfig: {SubnetIds: [a]}")
    template.write_text(f"{HEAD}Resources:\n{textwrap.indent(body, '  ')}")

    written = run("import", template)

    document = project / "lambdakit.yaml"
    assert written.exit_code == 0, written.output
    assert written.stderr.startswith(f"{template}:9:7: Resources.Work.Properties.VpcConfig: not carried over [LK256]")
    assert written.stdout == f"{document}: written; not carried over: 1\n"
    assert run("validate", document).stdout == f"{document}: valid\n"
    assert "[LK254]" in run("import", template).stderr
    assert run("import", template, "-o", project / "other.yaml").exit_code == 0
    assert [path.name for path in project.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        (
            "template.yaml",
            HEAD + "Resources: {Hello: {Type: AWS::Serverless::Function, Metadata: {BuildMethod: esbuild}, Properties: "
            "{CodeUri: hello/, Handler: built/app.lambdaHandler, Runtime: nodejs22.x}}}\n",
            "hello",
        ),
        (
            "serverless.yml",
            "service: shop\nprovider: {name: aws, runtime: nodejs22.x}\n"
            "functions: {hello: {handler: hello/built/app.lambdaHandler}}\n",
            ".",
        ),
    ],
)
def test_a_handler_that_is_not_there_yet_is_kept_and_told(project: Path, name: str, text: str, code: str) -> None:
    (project / "hello").mkdir()
    (project / "hello" / "main.js").write_text("export const other = async () => 1;\n")
    (project / name).write_text(text)

    conversion = convert(read_template_file(project / name), project / "d.yaml")

    functions: Any = conversion.document["functions"]
    assert functions["hello"]["code"] == code
    assert functions["hello"]["handler"].endswith("app.lambdaHandler")
    assert [gap.problem.partition(",")[0] for gap in conversion.gaps] == ["functions.hello.handler is kept"]


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.sampled_from(["GET", "/a", "src"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["Ref", "Fn::Sub", "Path", "Method", "Type", "Properties", "x"]), inner),
    ),
    max_leaves=6,
)


PROPERTIES = (
    *("CodeUri", "Handler", "Runtime", "Timeout", "MemorySize", "Events", "Policies", "Layers", "Environment"),
    *("Architectures", "Tags", "Tracing", "FunctionUrlConfig", "EventInvokeConfig", "SnapStart", "Description"),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    properties=st.dictionaries(
        st.sampled_from(PROPERTIES),
        VALUES,
    ),
    event=st.tuples(st.sampled_from(["HttpApi", "Api", "SQS", "SNS", "S3", "Schedule", "EventBridgeRule"]), VALUES),
)
def test_anything_gives_a_valid_document_or_a_message(
    project: Path, properties: dict[str, Any], event: tuple[str, Any]
) -> None:
    events = {"E": {"Type": event[0], "Properties": event[1]}}
    wild = {"Events": events, "CodeUri": "src", "Handler": "app.handler", **properties}
    tame: dict[str, Any] = {"Events": {"T": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)"}}}}
    tame |= {"CodeUri": "src", "Handler": "app.handler"}
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Wild": {"Type": "AWS::Serverless::Function", "Properties": wild},
            "Tame": {"Type": "AWS::Serverless::Function", "Properties": tame},
        },
    }
    (project / "t.json").write_text(json.dumps(template))

    try:
        read = read_template_file(project / "t.json")
    except LambdakitError:
        return  # a key given twice and the like
    document = convert(read, project / "d.yaml").document

    (project / "d.yaml").write_text(yaml_text(document))
    assert_loads(project / "d.yaml")
    patterns: Any = document["patterns"]
    assert "tame" in patterns


@given(st.dictionaries(st.text(min_size=1), st.one_of(SCALARS.filter(lambda v: v is not None), st.lists(st.text()))))
def test_yaml_text_is_read_back_as_it_was(value: dict[str, Any]) -> None:
    text = yaml_text({"a": value} if value else {"a": 1})

    root, findings = compose(text)

    assert findings == []
    assert root is not None
    assert plain_value(root)[0] == ({"a": value} if value else {"a": 1})
