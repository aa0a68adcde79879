"""Recorded steps of several stacks: whose they are, in which order, and what each stack is handed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from lambdakit.compiler.ejection.application_files import Argument, StackClass, app_file
from lambdakit.compiler.ejection.expressions import Given, Module
from lambdakit.compiler.ejection.recording import Recorder
from lambdakit.compiler.ejection.result_types import result_type
from lambdakit.compiler.ejection.stack_steps import Entangled, StackSteps, by_stack
from lambdakit.compiler.synthesize import Compiler

pytestmark = pytest.mark.xdist_group("cdk")


class Recording:
    """Two recorded stacks, `one` made before `two`, and the CDK's modules."""

    def __init__(self, directory: Path) -> None:
        import aws_cdk
        from aws_cdk import aws_sns, aws_sqs

        self.recorder = Recorder(directory)
        app = self.recorder.recorded(App(), Given("app"))
        self.cdk: Any = self.recorder.recorded(aws_cdk, Module("aws_cdk"))
        self.sqs: Any = self.recorder.recorded(aws_sqs, Module("aws_cdk.aws_sqs"))
        self.sns: Any = self.recorder.recorded(aws_sns, Module("aws_cdk.aws_sns"))
        self.one = self.cdk.Stack(app, "one")
        self.two = self.cdk.Stack(app, "two")

    def subscribe(self, stack: Any, topic: Any) -> None:
        protocol = self.sns.SubscriptionProtocol.EMAIL
        self.sns.Subscription(stack, "told", topic=topic, protocol=protocol, endpoint="shop@example.com")

    def stacks(self) -> list[StackSteps]:
        found = by_stack(self.recorder.steps)
        assert isinstance(found, list)
        return found


def test_a_stack_is_made_after_those_that_it_uses(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    queue = recording.sqs.Queue(recording.two, "jobs")

    recording.cdk.CfnOutput(recording.one, "url", value=queue.queue_url)

    two, one = recording.stacks()
    assert (two.name, one.name) == ("two", "one")
    assert [step.path for step in one.given] == ["two/jobs"]
    assert [step.path for step in two.steps] == ["two/jobs"]
    assert two.shared == {one.given[0].expression}
    assert result_type(one.given[0]) == ("aws_cdk.aws_sqs", "Queue")


def test_what_is_done_to_a_stack_is_a_step_of_it(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    queue = recording.sqs.Queue(recording.one, "jobs")
    recording.two.node.set_context("a", "b")

    queue.apply_removal_policy(recording.cdk.RemovalPolicy.DESTROY)

    one, two = recording.stacks()
    assert [len(each.steps) for each in (one, two)] == [2, 1]
    assert not one.given and not two.given


def test_stacks_that_use_each_other_are_no_classes(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    queue = recording.sqs.Queue(recording.one, "jobs")
    topic = recording.sns.Topic(recording.two, "told")
    recording.cdk.CfnOutput(recording.two, "url", value=queue.queue_url)
    recording.cdk.CfnOutput(recording.one, "arn", value=topic.topic_arn)

    assert by_stack(recording.recorder.steps) == Entangled(path="two", other="one")


def test_an_import_makes_no_order(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    known = recording.sns.Topic.from_topic_arn(recording.one, "known", "arn:aws:sns:eu-west-1:123456789012:news")
    queue = recording.sqs.Queue(recording.two, "jobs")
    recording.cdk.CfnOutput(recording.one, "url", value=queue.queue_url)
    recording.subscribe(recording.two, known)

    two, one = recording.stacks()

    assert (two.name, one.name) == ("two", "one")
    assert next(step.path for step in two.steps) == "two/known"
    assert len(two.copies) == 1 and not two.given
    assert [step.path for step in one.given] == ["two/jobs"]


def test_an_import_of_a_stack_before_is_handed_on_by_its_interface(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    known = recording.sns.Topic.from_topic_arn(recording.one, "known", "arn:aws:sns:eu-west-1:123456789012:news")
    recording.subscribe(recording.two, known)

    _, two = recording.stacks()

    assert [result_type(each) for each in two.given] == [("aws_cdk.aws_sns", "ITopic")]


def test_the_program_names_stacks_that_others_are_given_something_of() -> None:
    given = (
        Argument(parameter="jobs", stack="app", attribute="jobs"),
        Argument(parameter="app_2", stack="app", attribute=""),
    )
    stacks = [
        StackClass(module="app_stack", name="AppStack", id="app"),
        StackClass(module="web_stack", name="WebStack", id="web", given=given),
    ]

    text = app_file(stacks, "Runs.")

    assert '    app_ = AppStack(app, "app")\n    WebStack(app, "web", jobs=app_.jobs, app_2=app_)\n' in text


@pytest.fixture
def document(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): ...\n")
    path = tmp_path / "lambdakit.yaml"
    path.write_text(
        "application: shop\n"
        "environments: {staging: {defaults: {memory_size: 512}}, live: {patterns: {work: {stack: none}}}}\n"
        "resources: {jobs: {kind: queue}}\n"
        "patterns:\n"
        "  work:\n"
        "    kind: event_processing\n"
        "    stack: work\n"
        "    source: {kind: sqs, queue: jobs}\n"
        "    function: {code: code, handler: app.handler}\n"
    )
    return path


def test_one_environment_is_ejected_alone(document: Path, tmp_path: Path, compiler: Compiler) -> None:
    files = compiler.eject(document, tmp_path / "cdk", environment="staging")

    assert list(files) == ["app.py", "shop_staging_stack.py", "shop_work_staging_stack.py", "cdk.json"]
    assert "resource_jobs=shop_staging.resource_jobs" in files["app.py"]
    assert json.loads(files["cdk.json"])["app"] == "python app.py"


def test_every_environment_is_ejected_when_none_is_asked_for(
    document: Path, tmp_path: Path, compiler: Compiler
) -> None:
    files = compiler.eject(document, tmp_path / "cdk")

    assert [name for name in files if name.endswith("_stack.py")] == [
        "shop_stack.py",
        "shop_work_stack.py",
        "shop_staging_stack.py",
        "shop_work_staging_stack.py",
        "shop_live_stack.py",
    ]
