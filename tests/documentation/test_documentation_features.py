"""Each row of the README's table of features is shown by a test that there is and that always runs."""

from __future__ import annotations

import ast

import pytest

from tests.documentation.features import FEATURES, ROOT, Feature

SHOWN = [each for each in FEATURES if each.test]


@pytest.mark.parametrize("feature", SHOWN, ids=lambda each: each.name)
def test_the_test_that_shows_it_exists_and_is_no_long_one(feature: Feature) -> None:
    path, _, name = feature.test.partition("::")

    tests = {
        node.name: [ast.unparse(decorator) for decorator in node.decorator_list]
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef)
    }

    assert name in tests
    assert not [each for each in tests[name] if "soak" in each or "skip" in each]


def test_what_is_not_shown_is_said_not_to_be_there() -> None:
    assert {each.here for each in FEATURES if not each.test} <= {"no"}
