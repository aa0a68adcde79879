"""Code that the runtime of resolvers refuses before it runs, and code that it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from lambdakit.harness.routing.graphql.evaluation.evaluated import ResolverContext
from lambdakit.harness.routing.graphql.evaluation.script_evaluator import ScriptEvaluator

_NOW = datetime(2018, 2, 6, 19, 1, 35, tzinfo=UTC)


@pytest.fixture(scope="module")
def evaluator() -> Iterator[ScriptEvaluator]:
    evaluator = ScriptEvaluator(seconds=20)
    yield evaluator
    evaluator.close()


def _problems(evaluator: ScriptEvaluator, code: str) -> list[str]:
    return [each.value for each in evaluator.check_code(code)]


def _said(problem: str) -> str:
    """A problem in the service's form. problem: `@rule: message` of the plugin, a compiler's, or a message alone."""
    return f"): error{'' if problem.startswith(':') else ' '}{problem.replace('@no-', '@aws-appsync/no-', 1)}"


class TestRefusedCode:
    """Source: AppSync Developer Guide, "Supported runtime features"; README of @aws-appsync/eslint-plugin 2.0.2."""

    @pytest.mark.parametrize(
        ("statement", "problem"),
        [
            ("for (let i = 0; i < 1; i += 1) {}", "@no-for: For statements are not supported."),
            ("while (true) {}", "@no-while: While statements are not supported."),
            ("do {} while (true)", "@no-while: do...while statements are not supported."),
            ("for (const a of []) { continue }", "@no-continue: Continue statements are not supported"),
            ("try { a } catch {}", "@no-try: Try statements are not supported."),
            ("throw a", ": Throw statements are not supported."),
            ("one: for (const b of []) { break one }", "@no-labels: Labeled statements are not supported."),
            ("let c = 1; c++", "@no-disallowed-unary-operators: The operator ++ is not supported"),
            ("let c = 1; --c", "@no-disallowed-unary-operators: The operator -- is not supported"),
            ("~1", "@no-disallowed-unary-operators: The operator ~ is not supported"),
            ("'a' in {}", "@no-in-operator: in operator is not supported. Use Object.hasOwn()."),
            ("a instanceof Object", "@no-disallowed-binary-operators: The operator instanceof is not supported"),
            ("class B {}", "@no-classes: Class declarations are not supported."),
            ("const d = async () => 1", "@no-async: Async functions are not supported."),
            ("function* d() {}", "@no-generators: Generator functions are not supported."),
            ("this", "@no-this: This expressions are not supported."),
            ("/x/", "@no-regex: Regex literals are not supported."),
            ("new Promise(1)", "@no-promise: Promise is not supported"),
            ("ctx.args = {}", "@no-disallowed-re-assignment: ctx is readonly. Adding/Updating args is not supported."),
            ("ctx = {}", "@no-disallowed-re-assignment: ctx is readonly and re-assignment is not supported."),
            ("Object.freeze({})", "@no-disallowed-methods: Method ObjectConstructor.freeze is not implemented"),
            ("[1].sort((x, y) => x - y)", "@no-function-passing: Functions can not be passed as an argument"),
            ("g(f)", "@no-function-passing: Functions can not be passed as an argument"),
            ("f.call(1)", ": The method call of functions is not supported."),
            ("nowhere(1)", "TS2304: Cannot find name 'nowhere'."),
            ("process.exit()", "TS2304: Cannot find name 'process'."),
            ("import('a')", ": Imports while code runs are not supported."),
        ],
    )
    def test_what_the_runtime_does_not_have_is_found(
        self, evaluator: ScriptEvaluator, statement: str, problem: str
    ) -> None:
        code = f"const a = 1; const f = () => 1; const g = (x) => x;\nexport function request(ctx) {{\n{statement}\n}}"
        found = _problems(evaluator, code)

        assert [each for each in found if each.endswith(_said(problem)) and each.startswith("code.js(3,")] != []

    @pytest.mark.parametrize(
        ("code", "problem"),
        [
            (
                "import fs from 'node:fs'",
                "TS2307: Cannot find module 'node:fs' or its corresponding type declarations.",
            ),
            (
                "import { nothing } from '@aws-appsync/utils'",
                "TS2305: Module '\"@aws-appsync/utils\"' has no exported member 'nothing'.",
            ),
            (
                "const a = () => b(); const b = () => a()",
                "@no-recursion: Recursive function calls not supported. Detected cycle in a -> b -> a",
            ),
            (
                "function a(n) { return a(n) }",
                "@no-recursion: Recursive function calls not supported. Detected cycle in a -> a",
            ),
        ],
    )
    def test_what_a_module_cannot_have_is_found(self, evaluator: ScriptEvaluator, code: str, problem: str) -> None:
        assert any(each.endswith(_said(problem)) for each in _problems(evaluator, code))

    def test_what_is_no_javascript_is_a_parse_error(self, evaluator: ScriptEvaluator) -> None:
        (problem,) = evaluator.check_code("export const request = (ctx) => {\n  let = ;\n}")

        assert (problem.error_type, problem.line) == ("PARSE_ERROR", 2)

    @pytest.mark.parametrize(
        "code",
        [
            "export function request(ctx) { ctx.stash.a = 1; ctx.args.b = 2; "
            "ctx.args.input = { ...ctx.args, c: 3 }; return {} }",
            "const of = { while: 1, try: 2, this: 3, continue: 4 }; export const request = () => of.while + of.this",
            "export const request = (ctx) => { const t = 'for (;;) { try {} "
            "catch {} } /x/ this'; return `${t} while`; }",
            "export const request = (ctx) => { /* while (true) {} */ return ctx.args.a ?? 1; } // throw x",
            "export const request = (ctx) => { switch (ctx.args.a) { case 1: { break } default: return void 0 } }",
            "export const request = (ctx) => { for (const k in ctx.args) { if "
            "(k === 'a') break } return delete ctx.args.a }",
            "export const request = (ctx) => { var total = 0; for (const n of [1]) total += n; return typeof nothing }",
            "export const request = (ctx) => { const ctx2 = {}; ctx2.args = 1; return 1 & 2 | 3 ^ 4 << 1 }",
            "const pick = ({ a, ...rest }, [b, c = 1] = []) => ({ a, rest, b, c "
            "}); export const request = (ctx) => pick(ctx.args)",
            "export const request = (ctx) => ctx.args.list.map((x) => x.y).reduce((all, x) => all + x, 0)",
            "function later() { return earlier } const earlier = 1; export const request = () => later()",
        ],
    )
    def test_what_the_runtime_has_is_not_refused(self, evaluator: ScriptEvaluator, code: str) -> None:
        assert _problems(evaluator, code) == []

    def test_refused_code_is_not_run(self, evaluator: ScriptEvaluator) -> None:
        code = "export function request() { try { return 1 } catch {} }"
        evaluated = evaluator.evaluate(code, "request", ResolverContext(), now=_NOW)

        assert evaluated.error is not None
        assert evaluated.error.message == "The code contains one or more errors."
        assert [(each.error_type, each.line, each.column) for each in evaluated.problems] == [("LINT_ERROR", 1, 29)]

    @pytest.mark.parametrize("code", ["export const request = () => import.meta.url", "#!/bin/node\n"])
    def test_what_only_modules_have_is_a_parse_error(self, evaluator: ScriptEvaluator, code: str) -> None:
        (problem,) = evaluator.check_code(code)

        assert (problem.error_type, problem.line, problem.span) == ("PARSE_ERROR", 0, -1)

    def test_problems_are_plain_data(self, evaluator: ScriptEvaluator) -> None:
        (problem,) = evaluator.check_code("throw 1")

        assert json.dumps([problem.line, problem.column, problem.span]) == "[1, 1, 7]"
