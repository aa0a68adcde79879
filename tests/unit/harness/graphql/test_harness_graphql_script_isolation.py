"""What resolvers' JavaScript cannot do to the harness, to other code, or to the next evaluation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lambdakit.harness.routing.graphql.evaluation.evaluated import Evaluated, ResolverContext
from lambdakit.harness.routing.graphql.evaluation.script_evaluator import ScriptEvaluator

_NOW = datetime(2018, 2, 6, 19, 1, 35, tzinfo=UTC)
_ONE = "export const request = () => 1"
_LOOP = "const l = []; l[9999] = 0; for (const a of l) for (const b of l) for (const c of l) for (const d of l) {}"


@pytest.fixture
def evaluator() -> Iterator[ScriptEvaluator]:
    evaluator = ScriptEvaluator(seconds=2)
    yield evaluator
    evaluator.close()


def _evaluated(evaluator: ScriptEvaluator, code: str) -> Evaluated:
    return evaluator.evaluate(code, "request", ResolverContext(arguments={"n": 1}), now=_NOW)


def _is_there(pid: int) -> bool:
    """Whether a process runs; one that only waits to be asked for its end does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while _is_there(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        os.sched_yield()


class TestAnEndlessEvaluation:
    @pytest.mark.parametrize(
        "code",
        [
            f"export function request() {{ {_LOOP} }}",
            f"{_LOOP}; export const request = () => 1",
        ],
        ids=["handler", "module"],
    )
    def test_is_an_error_and_the_next_one_runs(self, evaluator: ScriptEvaluator, code: str) -> None:
        begun = time.monotonic()

        error = _evaluated(evaluator, code).error

        assert error is not None
        assert error.message == "the code took longer than it may"
        assert time.monotonic() - begun < 30
        assert _evaluated(evaluator, _ONE).result == 1

    def test_does_not_outlive_a_close(self, evaluator: ScriptEvaluator) -> None:
        _evaluated(evaluator, _ONE)
        pid = evaluator.pid
        endless = f"export function request() {{ {_LOOP} }}"
        running = threading.Thread(target=_evaluated, args=(evaluator, endless), name="endless")
        running.start()

        evaluator.close()
        running.join(20)

        assert not running.is_alive()
        assert pid is not None
        _wait_until_gone(pid)


class TestTheProcess:
    def test_starts_with_the_first_evaluation_and_is_used_again(self, evaluator: ScriptEvaluator) -> None:
        assert evaluator.pid is None

        _evaluated(evaluator, _ONE)
        first = evaluator.pid
        _evaluated(evaluator, _ONE)

        assert first is not None
        assert evaluator.pid == first

    def test_is_replaced_when_somebody_kills_it(self, evaluator: ScriptEvaluator) -> None:
        _evaluated(evaluator, _ONE)
        first = evaluator.pid
        assert first is not None

        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)

        assert _evaluated(evaluator, _ONE).result == 1
        assert evaluator.pid != first

    def test_is_replaced_when_code_takes_too_much_memory(self) -> None:
        evaluator = ScriptEvaluator(seconds=60)
        code = "export function request() { const l = ['x']; for (const x of l) { l.push(l.join('') + l.length); } }"
        try:
            error = _evaluated(evaluator, code).error

            assert error is not None
            assert _evaluated(evaluator, _ONE).result == 1
        finally:
            evaluator.close()

    def test_has_no_environment_and_reads_no_file(self, evaluator: ScriptEvaluator) -> None:
        _evaluated(evaluator, _ONE)
        pid = evaluator.pid

        assert Path(f"/proc/{pid}/environ").read_bytes() == b""
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        assert b"--permission" in arguments
        assert [each for each in arguments if each.startswith(b"--allow")] == [
            next(each for each in arguments if each.startswith(b"--allow-fs-read=") and b"inside_node" in each)
        ]

    def test_ends_with_a_harness_that_is_killed(self) -> None:
        program = """
            from datetime import UTC, datetime
            from lambdakit.harness.routing.graphql.evaluation.evaluated import ResolverContext
            from lambdakit.harness.routing.graphql.evaluation.script_evaluator import ScriptEvaluator
            evaluator = ScriptEvaluator()
            evaluator.evaluate("export const request = () => 1", "request", ResolverContext(), now=datetime.now(UTC))
            print(evaluator.pid, flush=True)
            input()
        """
        command = [sys.executable, "-c", textwrap.dedent(program)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as harness:
            assert harness.stdout is not None
            pid = int(harness.stdout.readline())
            harness.kill()

        _wait_until_gone(pid)

    def test_close_can_be_said_twice_and_ends_all(self) -> None:
        evaluator = ScriptEvaluator()
        _evaluated(evaluator, _ONE)
        pid = evaluator.pid
        assert pid is not None

        evaluator.close()
        evaluator.close()

        _wait_until_gone(pid)
        error = _evaluated(evaluator, _ONE).error
        assert error is not None
        assert error.message == "the harness is closed"

    def test_many_threads_get_their_own_answers(self, evaluator: ScriptEvaluator) -> None:
        found: dict[int, object] = {}

        def ask(number: int) -> None:
            code = f"export const request = (ctx) => ctx.args.n + {number}"
            found[number] = _evaluated(evaluator, code).result

        threads = [threading.Thread(target=ask, args=(number,), name=f"asker-{number}") for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert found == {number: number + 1 for number in range(16)}


class TestNothingStays:
    @pytest.mark.parametrize(
        "code",
        [
            "let n = 0; export const request = () => { n += 1; return n }",
            "const kept = {}; export const request = () => { kept.n = (kept.n ?? 0) + 1; return kept.n }",
            "export const request = (ctx) => { const p = ctx.args.constructor.prototype;"
            " p.n2 = (p.n2 ?? 0) + 1; return p.n2 }",
            "export const request = () => { const p = [].constructor.prototype; p.n2 = (p.n2 ?? 0) + 1; return p.n2 }",
        ],
        ids=["variable", "object", "prototype of objects", "prototype of lists"],
    )
    def test_from_one_evaluation_to_the_next(self, evaluator: ScriptEvaluator, code: str) -> None:
        assert [_evaluated(evaluator, code).result for _ in range(3)] == [1, 1, 1]

    def test_a_polluted_prototype_harms_nobody_else(self, evaluator: ScriptEvaluator) -> None:
        _evaluated(
            evaluator,
            "export const request = () => { const o = {}.constructor.prototype; o.toJSON = () => 'bad';"
            " o.kind = 'error'; [].constructor.prototype.map = 1; ''.constructor.prototype.split = 1; return {} }",
        )

        result = _evaluated(evaluator, "export const request = (ctx) => [1].map((n) => ({ n, a: 'b c'.split(' ') }))")
        assert result.result == [{"n": 1, "a": ["b", "c"]}]

    @pytest.mark.parametrize("target", ["util.time", "util", "runtime", "extensions", "console"])
    def test_what_the_runtime_gives_cannot_be_changed(self, evaluator: ScriptEvaluator, target: str) -> None:
        code = (
            "import { util, runtime, extensions } from '@aws-appsync/utils';"
            f"export const request = () => {{ {target}.more = 1; return 1 }}"
        )
        assert _evaluated(evaluator, code).error is not None

    def test_contexts_are_let_go_of(self, evaluator: ScriptEvaluator) -> None:
        def resident_kib() -> int:
            status = Path(f"/proc/{evaluator.pid}/status").read_text()
            return int(status.partition("VmRSS:")[2].split()[0])

        for _ in range(100):
            _evaluated(evaluator, _ONE)
        before = resident_kib()
        for _ in range(400):
            _evaluated(evaluator, _ONE)

        assert resident_kib() - before < 40 * 1024  # 100 contexts that stay are 20 MiB


class TestNothingLeadsOut:
    @pytest.mark.parametrize(
        "expression",
        [
            "({}).constructor.constructor('return process')()",
            "(() => 1).constructor('return this')()",
            "util.autoId.constructor('return process')()",
            "console.log.constructor('return process')()",
            "util.time.nowISO8601.constructor.constructor('return globalThis')()",
            "ctx.args.constructor.constructor('return process.env')()",
            "ctx.constructor",
            "util.dynamodb.toMap.__proto__.constructor('return process')()",
            "[].map.constructor('return 1')()",
            "''.replace.constructor('return 1')()",
            "rds.sql.constructor('return 1')()",
        ],
    )
    def test_of_the_constructors_of_what_there_is(self, evaluator: ScriptEvaluator, expression: str) -> None:
        code = (
            "import { util } from '@aws-appsync/utils'; import * as rds from '@aws-appsync/utils/rds';"
            f"export const request = (ctx) => {{ const f = {expression}; return typeof f + (f === undefined) }}"
        )
        evaluated = _evaluated(evaluator, code)

        # No function is made of a text, and what has no prototype has no constructor.
        is_refused = evaluated.error is not None and "Code generation from strings" in evaluated.error.message
        assert is_refused or evaluated.result == "undefinedtrue"

    @pytest.mark.parametrize(
        "name",
        [
            *("process", "require", "module", "global", "globalThis", "Buffer", "fetch", "eval", "Function", "Reflect"),
            *("Proxy", "Error", "WebAssembly", "SharedArrayBuffer", "setTimeout", "queueMicrotask", "start", "call"),
            *("realm", "everything", "__dirname", "importScripts", "structuredClone", "performance", "Symbol"),
        ],
    )
    def test_by_a_name(self, evaluator: ScriptEvaluator, name: str) -> None:
        assert _evaluated(evaluator, f"export const request = () => typeof {name}").result == "undefined"

    def test_by_the_errors_of_a_deep_stack(self, evaluator: ScriptEvaluator) -> None:
        code = (
            "import { util } from '@aws-appsync/utils'; const o = { f: (n) => [n].map((m) => { util.autoId();"
            " return o.f(m + 1) }) }; export const request = () => o.f(0)"
        )
        evaluator_of_long = ScriptEvaluator(seconds=60)
        try:
            error = _evaluated(evaluator_of_long, code).error
        finally:
            evaluator_of_long.close()

        assert error is not None
        assert "RangeError" in error.message

    def test_by_code_that_closes_what_is_around_it(self, evaluator: ScriptEvaluator) -> None:
        code = "}); export const request = () => 1; (() => {"

        assert [each.error_type for each in evaluator.check_code(code)] == ["PARSE_ERROR"]

    def test_by_a_comment_that_only_scripts_have(self, evaluator: ScriptEvaluator) -> None:
        assert evaluator.check_code("export const request = (a, b) => a<!--b\n") != ()


class TestLargeThings:
    def test_a_result_over_five_megabytes_is_refused(self, evaluator: ScriptEvaluator) -> None:
        grow = "const grow = (s) => s + s + s + s + s + s + s + s + s + s;"
        code = f"{grow} export const request = () => grow(grow(grow(grow(grow(grow(grow('x')))))))"
        error = _evaluated(evaluator, code).error

        assert error is not None
        assert error.message == "the evaluated result is over 5 MB"
        assert _evaluated(evaluator, _ONE).result == 1

    def test_a_circle_is_an_error(self, evaluator: ScriptEvaluator) -> None:
        error = _evaluated(evaluator, "export const request = () => { const a = {}; a.a = a; return a }").error

        assert error is not None
        assert "circular" in error.message

    def test_a_deep_value_is_an_answer_or_an_error(self, evaluator: ScriptEvaluator) -> None:
        code = (
            "import { util } from '@aws-appsync/utils'; export const request = () => { let v = 1;"
            " const n = []; n[2000] = 0; n.fill(0).forEach(() => { v = [v] }); return util.dynamodb.toDynamoDB(v) }"
        )
        evaluated = _evaluated(evaluator, code)

        assert evaluated.error is not None or evaluated.result is not None
        assert _evaluated(evaluator, _ONE).result == 1
