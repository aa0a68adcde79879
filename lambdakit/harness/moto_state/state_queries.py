"""JSONata in state machines: moto's interpreter reads the expressions and evaluates none.

Private surface used: of `moto.stepfunctions.parser.asl` the modules `jsonata.jsonata` (`eval_jsonata_expression`,
`encode_jsonata_variable_declarations`, `JSONataException`), `component.intrinsic.jsonata`
(`get_intrinsic_functions_declarations`) and `component.common.string.string_expression` (`StringJSONata` with
`_eval_body` and `expression`); `FailureEvent` and what it is made of.
Canary: tests/behaviour/test_behaviour_state_machine_queries.py.

Source: AWS Step Functions Developer Guide, "Transforming data with JSONata in Step Functions".
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any


class QueryFailed(Exception):
    """An expression that has no value. The message is JSONata's, with its code where there is one."""


def changes_of_queries(interpreter: str, evaluate: Callable[[str], Any]) -> Mapping[str, Callable[[Any], None]]:
    """What is done to which of moto's modules. interpreter: the package's name, with its dot.

    evaluate: an expression's value as JSON has it, None for what is undefined. QueryFailed when it has none.
    """
    return {
        f"{interpreter}asl.jsonata.jsonata": functools.partial(_evaluate_here, evaluate),
        f"{interpreter}asl.component.intrinsic.jsonata": _declare_no_functions,
        f"{interpreter}asl.component.common.string.string_expression": _name_errors,
    }


def _evaluate_here(evaluate: Callable[[str], Any], module: Any) -> None:
    def declared(bindings: Mapping[str, Any]) -> str:
        return "".join(f"{name}:={json.dumps(value, default=str)};" for name, value in bindings.items())

    module.eval_jsonata_expression = evaluate
    module.encode_jsonata_variable_declarations = declared


def _declare_no_functions(module: Any) -> None:
    module.get_intrinsic_functions_declarations = lambda variable_references: ""


def _name_errors(module: Any) -> None:
    from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
        FailureEvent,
        FailureEventException,
    )
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType

    own = getattr(module.StringJSONata._eval_body, "__wrapped__", module.StringJSONata._eval_body)

    @functools.wraps(own)
    def eval_body(text: Any, env: Any) -> None:
        try:
            own(text, env)
        except QueryFailed as failed:
            name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
            cause = f"The JSONata expression '{text.expression}' threw an error during evaluation. {failed}"
            details: Any = {
                "evaluationFailedEventDetails": EvaluationFailedEventDetails(cause=cause, error=name.error_name)
            }
            event = FailureEvent(
                env=env,
                error_name=name,
                event_type=HistoryEventType.EvaluationFailed,
                event_details=details,
            )
            raise FailureEventException(failure_event=event) from None

    module.StringJSONata._eval_body = eval_body
