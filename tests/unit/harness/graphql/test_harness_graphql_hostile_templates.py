"""Mapping templates of resolvers that mean harm: what takes too much fails soon, and nothing of Python is reached."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdakit.harness.routing.graphql.evaluation.evaluated import Evaluated, ResolverContext
from lambdakit.harness.routing.graphql.evaluation.template_evaluation import evaluate_template

_CONTEXT = ResolverContext(arguments={"id": "7"})


def _evaluated(template: str, context: ResolverContext = _CONTEXT) -> Evaluated:
    return evaluate_template(template, context, now=datetime(2018, 2, 6, 19, 1, 35, tzinfo=UTC))


class TestHostileTemplates:
    @pytest.mark.parametrize(
        "template",
        [
            "#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])x#end#end#end",
            '#set($x = "aaaaaaaaaa")#foreach($a in [1..1000])#set($x = "$x$x")#end$x',
            "#macro(f)#f()#end#f()",
            "#set($m = {})$util.qr($m.put('m', $m))$util.toJson($m)",
            "#set($m = {})$util.qr($m.put('m', $m))$util.dynamodb.toDynamoDBJson($m)",
            "#set($l = [])#foreach($i in [1..1000])#set($l = [$l])#end$util.toJson($l)",
            "$util.matches('(a+)+b', '" + "a" * 60 + "')",
            "#set($l = [1..100000])#foreach($i in [1..1000])$util.qr($util.list.copyAndRetainAll($l, $l))#end",
            "#foreach($i in [1..1000])#foreach($j in [1..1000])$util.appendError('x')#end#end",
            "$util.toJson($util.transform.toSubscriptionFilter({'and': ["
            + ",".join("{'a': {'eq': 1, 'ne': 2}}" for _ in range(40))
            + "]}))",
        ],
        ids=[
            "loops",
            "doubling",
            "macro",
            "cycle",
            "cycle of values",
            "depth",
            "pattern",
            "lists",
            "errors",
            "filters",
        ],
    )
    def test_a_template_that_takes_too_much_fails_soon(self, template: str) -> None:
        begun = time.monotonic()

        error = _evaluated(template).error

        assert error is not None
        assert time.monotonic() - begun < 20

    def test_large_maps_lose_their_keys_soon(self) -> None:
        names = [f"k{number}" for number in range(40_000)]
        context = ResolverContext(arguments={"map": dict.fromkeys(names, 1), "names": list(reversed(names))})
        begun = time.process_time()

        result = _evaluated("$util.toJson($util.map.copyAndRemoveAllKeys($ctx.args.map, $ctx.args.names))", context)

        assert result.result == {}
        assert time.process_time() - begun < 5

    def test_a_result_over_five_megabytes_is_refused(self) -> None:
        half = '#set($x = "' + "a" * 1000 + '")"#foreach($i in [1..{}])$x$x$x$x$x$x#end"'

        assert _evaluated(half.format(800)).error is None
        assert _evaluated(half.format(1000)).error is not None

    def test_a_template_over_64_kilobytes_is_refused(self) -> None:
        assert _evaluated(f'"{"a" * (64 * 1024 - 2)}"').error is None
        assert _evaluated(f'"{"a" * (64 * 1024 - 1)}"').error is not None

    @pytest.mark.parametrize(
        "template",
        [
            "$util.__class__",
            "$util.dynamodb.__init__.__globals__",
            "$ctx.__class__.__mro__",
            '$ctx.args.id.getClass().forName("java.lang.Runtime")',
            "$util.toJson.__globals__",
            "$ctx.args.get('id').format.__self__",
        ],
    )
    def test_nothing_of_python_is_reached(self, template: str) -> None:
        assert _evaluated(f"$util.toJson({template})").result is None

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(
            st.sampled_from(
                (
                    *("$", "#", "{", "}", "(", ")", "if", "set", "foreach", "return", "end", "util", "ctx", ".", "["),
                    *("]", "error", "args", " ", '"', "'", "1", "in", "=", "$x", "toJson", ",", "!", "\n", "macro"),
                )
            ),
            max_size=30,
        ).map("".join)
    )
    def test_any_text_is_an_answer_or_an_error(self, template: str) -> None:
        evaluated = _evaluated(template)

        json.dumps(evaluated.result)
        assert evaluated.error is None or evaluated.error.message
