"""What the outputs of patterns are called that stand within other constructs."""

from __future__ import annotations

import pytest
from aws_cdk import Stack, assertions
from constructs import Construct

from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")


def _work(scope: Construct, function: FunctionProperties, id: str = "work") -> None:
    EventProcessing(scope, id, source=SqsSource(), function=function)


def _queue_outputs(stack: Stack) -> set[str]:
    outputs = assertions.Template.from_stack(stack).find_outputs("*")
    return {name for name in outputs if name.endswith("WorkQueueUrl")}


def test_a_construct_around_a_pattern_can_be_used_twice(stack: Stack, function: FunctionProperties) -> None:
    for name in ("east side", "west"):
        _work(Construct(stack, name), function)

    assert _queue_outputs(stack) == {"WorkQueueUrl", "WestWorkQueueUrl"}


def test_as_many_ids_are_written_as_tell_the_outputs_apart(stack: Stack, function: FunctionProperties) -> None:
    for name in ("a", "b", "c"):
        _work(Construct(Construct(stack, name), "region"), function)

    assert _queue_outputs(stack) == {"WorkQueueUrl", "RegionWorkQueueUrl", "CRegionWorkQueueUrl"}


def test_what_no_id_tells_apart_is_refused(stack: Stack, function: FunctionProperties) -> None:
    _work(stack, function)
    _work(Construct(stack, "eu"), function)

    with pytest.raises(SynthesisError) as refusal:
        _work(Construct(stack, "Eu"), function, "Work")

    (told,) = refusal.value.diagnostics
    assert (told.code, told.pointer) == ("LK414", "shop/Eu/Work")
    assert "EuWorkQueueUrl" in told.problem
