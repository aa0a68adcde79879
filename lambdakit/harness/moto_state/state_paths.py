"""What state machines find by paths, and what they are told of themselves, where moto's interpreter is beside it.

Private surface used: of `moto.stepfunctions.parser.asl` `utils.json_path` (`extract_json`, `parse`,
`_is_singleton_array_access`), `component.common.path.result_path` with `ResultPath`,
`component.state.choice.comparison` with `comparison_variable.ComparisonVariable` and `variable.NoSuchVariable`,
`component.state.state.StateData`, `eval.evaluation_details.ExecutionDetails`.
Canary: tests/behaviour/test_behaviour_state_machine_paths.py.

Source: AWS Step Functions Developer Guide, "Using JSONPath paths", "Choice workflow state", "Accessing execution
data from the Context object" (times such as `2019-03-26T20:14:13.192Z`) and "Handling errors in Step Functions
workflows" (`States.ResultPathMatchFailure`, whose cause no page confirms).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.moto_state.state_errors import failure

_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
# Where a path begins to mean any number of values: descendants, wildcards, filters, slices and unions.
_INDEFINITE: Final = re.compile(r"\.\.|\.\*|\[\s*(?:\*|\?|[^\]'\"]*[:,])")
_IS_PRESENT: Final = "IsPresent"
# A step of a reference path: a field in one of its two forms, or an index.
_STEP: Final = re.compile(r"\.(?P<name>[^.\[\]'\"]+)|\[(?P<quoted>'[^']*'|\"[^\"]*\")\]|\[(?P<index>\d+)\]")


def changes_of_paths(interpreter: str) -> Mapping[str, Callable[[Any], None]]:
    """What is done to which of moto's modules. interpreter: the package's name, with its dot."""
    return {
        f"{interpreter}asl.utils.json_path": _list_what_is_indefinite,
        f"{interpreter}asl.component.common.path.result_path": _refuse_what_holds_no_result,
        f"{interpreter}asl.component.state.choice.comparison.comparison_variable": _refuse_what_is_missing,
        f"{interpreter}asl.component.state.state": _tell_time_of_states,
        f"{interpreter}asl.eval.evaluation_details": _tell_time_of_executions,
    }


def definite_part(path: str) -> str | None:
    """A path as far as it means one value; None when it does to its end."""
    hidden = _QUOTED.sub(lambda match: "'" + "_" * (len(match[0]) - 2) + "'", path)
    begin = _INDEFINITE.search(hidden)
    return None if begin is None else path[: begin.start()]


def _list_what_is_indefinite(module: Any) -> None:
    """Such a path gives a list, of one value as well, or of none where there is something to look through.

    Any other gives the value itself; moto has a list of what lies in an element of a list.
    """
    own = getattr(module.extract_json, "__wrapped__", module.extract_json)

    @functools.wraps(own)
    def extract_json(path: str, data: Any) -> Any:
        part = definite_part(path)
        found = [match.value for match in module.parse(path).find(data)]
        if part is None:
            return found[0] if found else own(path, data)
        if module._is_singleton_array_access(path):
            return own(path, data)
        return found if found or module.parse(part).find(data) else own(path, data)

    module.extract_json = extract_json


def _refuse_what_holds_no_result(module: Any) -> None:
    """A result can be put into objects and lists only. moto loses it, or fails with words of Python's."""
    own = getattr(module.ResultPath._eval_body, "__wrapped__", module.ResultPath._eval_body)

    @functools.wraps(own)
    def eval_body(path: Any, env: Any) -> None:
        refused = refused_step(path.result_path_src or "", env.states.get_input())
        if refused is not None:
            step, value = refused
            told = f"Unable to apply step {json.dumps(step)} to input {json.dumps(value)}"
            raise failure(env, "States.ResultPathMatchFailure", told)
        own(path, env)

    module.ResultPath._eval_body = eval_body


def refused_step(path: str, given: object) -> tuple[str, object] | None:
    """The first step of a reference path that what it leads to does not allow, and that value; None for none."""
    value: Any = given
    for step in _STEP.finditer(path):
        key: Any = (step["quoted"] or "")[1:-1] or step["name"] or int(step["index"])
        if not isinstance(value, list if isinstance(key, int) else dict):
            return str(key), value
        if key not in (range(len(value)) if isinstance(key, int) else value):
            return None
        value = value[key]
    return None


def _refuse_what_is_missing(module: Any) -> None:
    """A choice by a value that is not there fails, unless it is whether it is there that is asked.

    The text is Step Functions', without a page that has it: users report it.
    """
    own = getattr(module.ComparisonVariable._eval_body, "__wrapped__", module.ComparisonVariable._eval_body)

    @functools.wraps(own)
    def eval_body(comparison: Any, env: Any) -> None:
        from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable

        if comparison.comparison_function.operator_type.name != _IS_PRESENT:
            comparison.variable.eval(env)
            if isinstance(env.stack.pop(), NoSuchVariable):
                path = comparison.variable.string_sampler.literal_value
                told = f"Invalid path '{path}': The choice state's condition path references an invalid value."
                raise failure(env, "States.Runtime", told)
        own(comparison, env)

    module.ComparisonVariable._eval_body = eval_body


def _tell_time_of_states(module: Any) -> None:
    own = module.StateData

    def state_data(**members: Any) -> Any:
        return own(**{**members, "EnteredTime": _told(members["EnteredTime"])})

    module.StateData = state_data


def _tell_time_of_executions(module: Any) -> None:
    own = getattr(module.ExecutionDetails.__init__, "__wrapped__", module.ExecutionDetails.__init__)

    @functools.wraps(own)
    def init(details: Any, *arguments: Any, **members: Any) -> None:
        own(details, *arguments, **members)
        details.start_time = _told(details.start_time)

    module.ExecutionDetails.__init__ = init


def _told(moment: Any) -> Any:
    """A moment as the Context object has it. moment: as it is when it is none."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if not isinstance(moment, datetime):
        return moment
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
