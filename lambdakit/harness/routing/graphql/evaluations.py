"""Handlers worked out: templates in this process, JavaScript in one of its own, which is begun with the first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from lambdakit.harness.routing.graphql.evaluation.evaluated import CodeProblem, Evaluated, ResolverContext

if TYPE_CHECKING:
    from lambdakit.harness.routing.graphql.evaluation.script_evaluator import ScriptEvaluator


class Evaluations:
    """Of all APIs. now: the harness's time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._scripts: ScriptEvaluator | None = None
        self._is_closed = False
        self._lock = threading.Lock()

    def template(self, text: str, context: ResolverContext) -> Evaluated:
        """What a mapping template makes of its context."""
        from lambdakit.harness.routing.graphql.evaluation.template_evaluation import evaluate_template

        return evaluate_template(text, context, now=self._now())

    def script(self, code: str, function_name: Literal["request", "response"], context: ResolverContext) -> Evaluated:
        """What a handler in JavaScript makes of its context."""
        return self._evaluator().evaluate(code, function_name, context, now=self._now())

    def problems(self, code: str) -> tuple[CodeProblem, ...]:
        """Why code in JavaScript is not kept; none where it is."""
        return self._evaluator().check_code(code)

    def close(self) -> None:
        """Ends the process: from now on handlers in JavaScript fail at once. Idempotent."""
        with self._lock:
            self._is_closed = True
            scripts = self._scripts
        if scripts is not None:
            scripts.close()

    def _evaluator(self) -> ScriptEvaluator:
        from lambdakit.harness.routing.graphql.evaluation.script_evaluator import ScriptEvaluator

        with self._lock:
            if self._scripts is None:
                self._scripts = ScriptEvaluator()
                if self._is_closed:
                    self._scripts.close()
            return self._scripts
