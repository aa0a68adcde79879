"""What is done to recorded constructs, as the statements of a stack."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType
from typing import Any

import aws_cdk
import pytest
from aws_cdk import App, Stack, aws_events, aws_s3, aws_sns, aws_sqs

import lambdakit
from lambdakit.compiler.compile import new_app
from lambdakit.compiler.ejection.application_files import StackClass
from lambdakit.compiler.ejection.expressions import Given, Module
from lambdakit.compiler.ejection.imports import PUBLIC_CONSTRUCTS
from lambdakit.compiler.ejection.recorded_modules import RecordedModules
from lambdakit.compiler.ejection.recording import Recorder
from lambdakit.compiler.ejection.stack_module import StackModule, Unwritten, WrittenModule, stack_module
from lambdakit.compiler.ejection.stack_steps import by_stack
from lambdakit.compiler.ejection.verification import first_difference
from lambdakit.constructs.feature_flags import FEATURE_FLAGS

pytestmark = pytest.mark.xdist_group("cdk")


class Recording:
    """Recorded modules, and a recorded stack."""

    def __init__(self, directory: Path) -> None:
        self.recorder = Recorder(directory)
        app = self.recorder.recorded(App(), Given("app"))
        self.cdk = self.module(aws_cdk)
        self.sqs, self.s3, self.sns = self.module(aws_sqs), self.module(aws_s3), self.module(aws_sns)
        self.events = self.module(aws_events)
        self.stack = self.cdk.Stack(app, "shop")

    def module(self, module: ModuleType) -> Any:
        return self.recorder.recorded(module, Module(module.__name__))

    def written(self) -> str | list[Unwritten]:
        stacks = by_stack(self.recorder.steps)
        assert isinstance(stacks, list)
        (stack,) = stacks
        written = stack_module(
            StackModule(
                stack=stack,
                class_name="ShopStack",
                project="Path(__file__).parent",
                written_by="Written for a test.",
            )
        )
        return written.text if isinstance(written, WrittenModule) else written

    def statements(self) -> list[str]:
        """The statements after the stack's own, each on one line."""
        text = self.written()
        assert isinstance(text, str), text
        (stack,) = [each for each in ast.parse(text).body if isinstance(each, ast.ClassDef)]
        (initializer,) = [each for each in stack.body if isinstance(each, ast.FunctionDef)]
        return [ast.unparse(each) for each in initializer.body[1:]]


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path)


def test_a_construct_is_an_attribute_and_what_is_imported_a_variable(recording: Recording) -> None:
    imported = recording.sqs.Queue.from_queue_arn(recording.stack, "dead", "arn:aws:sqs:us-east-1:123456789012:dead")
    recording.sqs.Queue(
        recording.stack, "Jobs", dead_letter_queue=recording.sqs.DeadLetterQueue(queue=imported, max_receive_count=3)
    )
    recording.s3.Bucket.from_bucket_name(recording.stack, "unused", "bucket")

    assert recording.statements() == [
        "dead = sqs.Queue.from_queue_arn(self, 'dead', 'arn:aws:sqs:us-east-1:123456789012:dead')",
        "self.jobs = sqs.Queue(self, 'Jobs', dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=3))",
        "s3.Bucket.from_bucket_name(self, 'unused', 'bucket')",
    ]


def test_what_only_the_deployment_knows_keeps_its_expression(recording: Recording) -> None:
    queue = recording.sqs.Queue(recording.stack, "Jobs")
    topic = recording.sns.Topic(recording.stack, "News", display_name=f"{recording.stack.region}-{queue.queue_name}")
    recording.cdk.CfnOutput(recording.stack, "Out", value=topic.topic_arn)
    recording.cdk.CfnOutput(recording.stack, "Ref", value=recording.cdk.Fn.ref("Other") + "!")

    assert recording.statements()[1:] == [
        "self.news = sns.Topic(self, 'News', display_name=f'{self.region}-{self.jobs.queue_name}')",
        "self.out = CfnOutput(self, 'Out', value=self.news.topic_arn)",
        "self.ref = CfnOutput(self, 'Ref', value=''.join([Fn.ref('Other'), '!']))",
    ]


def test_what_is_found_in_the_tree_is_what_was_made(recording: Recording) -> None:
    recording.sqs.Queue(recording.stack, "Jobs")

    found = recording.stack.node.find_child("Jobs")
    recording.cdk.Tags.of(found).add("team", "orders")
    recording.cdk.Tags.of(recording.stack).add("team", "orders")

    assert recording.statements()[1:] == [
        "Tags.of(self.jobs).add('team', 'orders')",
        "Tags.of(self).add('team', 'orders')",
    ]


def test_what_is_done_for_its_effect_is_written_once(recording: Recording) -> None:
    recording.stack.node.set_context("key", "value")
    queue, topic = recording.sqs.Queue(recording.stack, "Jobs"), recording.sns.Topic(recording.stack, "News")

    queue.add_to_resource_policy  # noqa: B018  an attribute alone does nothing
    topic.node.add_dependency(queue)
    queue.node.default_child.visibility_timeout = 30
    assert recording.stack.stack_name == "shop"

    assert recording.statements()[0] == "self.node.set_context('key', 'value')"
    assert recording.statements()[3:] == [
        "self.news.node.add_dependency(self.jobs)",
        "self.jobs.node.default_child.visibility_timeout = 30",
    ]


def test_a_result_that_is_needed_twice_is_a_variable(recording: Recording) -> None:
    jobs = recording.sqs.Queue(recording.stack, "Jobs")

    tags = recording.cdk.Tags.of(jobs)
    tags.add("team", "orders")
    tags.add("stage", "test")

    assert recording.statements()[1:] == [
        "of = Tags.of(self.jobs)",
        "of.add('team', 'orders')",
        "of.add('stage', 'test')",
    ]


def test_paths_are_relative_to_the_project(recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    recording.s3.Bucket(recording.stack, "Files", bucket_name="a-bucket")
    recording.cdk.CfnOutput(recording.stack, "Path", value=str(tmp_path / "code"))

    assert recording.statements()[-1] == "self.path = CfnOutput(self, 'Path', value=str(PROJECT / 'code'))"
    text = recording.written()
    assert "\nPROJECT = Path(__file__).parent\n" in str(text)


def test_names_of_the_stack_of_python_and_of_imports_stay_theirs(recording: Recording) -> None:
    for id in ("node", "region", "lambda", "sqs"):
        recording.sqs.Queue(recording.stack, id)
    for id in ("list", "s3", "self2"):
        bucket = recording.s3.Bucket.from_bucket_name(recording.stack, id, f"bucket-{id}")
        recording.cdk.CfnOutput(recording.stack, f"{id}Arn", value=bucket.bucket_arn)

    names = [statement.partition(" = ")[0] for statement in recording.statements()]

    assert names[:4] == ["self.node_", "self.region_", "self.lambda_", "self.sqs"]
    assert names[4::2] == ["list_", "s3_", "self2"]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (object(), "builtins.object"),
        (lambda: None, "builtins.function"),
        (Path("/elsewhere"), "the path /elsewhere, which is outside the document's directory"),
        ("${Token[TOKEN.987654]}", "a value that only the deployment knows, inside a text"),
    ],
    ids=["object", "function", "path", "unknown token"],
)
def test_what_has_no_code_is_refused_at_its_construct(recording: Recording, value: object, what: str) -> None:
    def made(scope: Any, id: str, *, setting: object) -> aws_sqs.Queue:
        return aws_sqs.Queue(scope, id)

    make = recording.recorder.recorded(made, Module("lambdakit.constructs.some"))
    recording.sqs.Queue(recording.stack, "Fine")
    make(recording.stack, "Jobs", setting=[value])

    written = recording.written()

    assert isinstance(written, list)
    (unwritten,) = written
    assert unwritten.path == "shop/Jobs"
    assert what in unwritten.what


def test_real_modules_are_not_touched(tmp_path: Path) -> None:
    from lambdakit.compiler.bindings import application

    before = dict(vars(application))
    copy = RecordedModules(Recorder(tmp_path)).module("lambdakit.compiler.bindings.application")

    assert dict(vars(application)) == before
    assert copy is not application
    assert vars(application)["Stack"] is Stack
    assert type(copy.Stack).__name__ == "Recorded"


def test_public_names_are_imported_from_the_package() -> None:
    assert {name for _, name in PUBLIC_CONSTRUCTS} <= set(lambdakit.__all__)
    for (home, name), package in PUBLIC_CONSTRUCTS.items():
        assert getattr(lambdakit, name).__module__ == home
        assert package == "lambdakit"


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """A document's assembly, as code that names its queue would give it."""
    app = new_app(tmp_path / "expected", validation=False)
    aws_sqs.Queue(Stack(app, "shop"), "Jobs")
    app.synth()
    return tmp_path / "expected"


@pytest.mark.parametrize(
    ("statement", "difference"),
    [
        ('sqs.Queue(self, "Jobs")', None),
        ('sqs.Queue(self, "Jobs", fifo=True)', "shop.template.json differs at Resources.Jobs"),
        ('sqs.Queue(self, "Other")', "shop.template.json differs at Resources.Jobs"),
        ("pass", "shop.template.json differs at Resources"),
        ('sqs.Queue(self, "Jobs", visibility=1)', "it raises TypeError"),
        ("1 +", "it raises SyntaxError"),
    ],
)
def test_code_that_does_something_else_is_found_out(
    assembly: Path, tmp_path: Path, statement: str, difference: str | None
) -> None:
    text = (
        "from aws_cdk import Stack\nfrom aws_cdk import aws_sqs as sqs\n\n\nclass ShopStack(Stack):\n"
        f"    def __init__(self, scope, id):\n        super().__init__(scope, id)\n        {statement}\n"
    )

    found = first_difference(
        {"shop_stack.py": text},
        [StackClass(module="shop_stack", name="ShopStack", id="shop")],
        FEATURE_FLAGS,
        expected=assembly,
        work=tmp_path,
        output=tmp_path / "output",
    )

    if difference is None:
        assert found is None
    else:
        assert found is not None
        assert found.startswith(difference)
