"""Names of errors in state machines, where moto knows fewer of them, and has its wildcards match too many.

Private surface used: of `moto.stepfunctions.parser.asl.component.common.error_name` the modules `custom_error_name`
(`CustomErrorName.__init__`) and `error_equals_decl` (`ErrorEqualsDecl._eval_body`, `error_names`); `FailureEvent` and
what it is made of.
Canary: tests/behaviour/test_behaviour_state_machine_requests.py.

Source: AWS Step Functions Developer Guide, "Handling errors in Step Functions workflows".
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

_ERRORS: Final = "asl.component.common.error_name"
_OWN: Final = "States."
_OF_REQUESTS: Final = "States.Http."
# "The States.ALL error type can't catch the States.DataLimitExceeded terminal error and Runtime error types."
_TERMINAL: Final = frozenset({"States.DataLimitExceeded", "States.Runtime"})


def changes_of_errors(interpreter: str) -> Mapping[str, Callable[[Any], None]]:
    """What is done to which of moto's modules. interpreter: the package's name, with its dot."""
    errors = f"{interpreter}{_ERRORS}"
    return {f"{errors}.custom_error_name": _know_more, f"{errors}.error_equals_decl": _spare_terminal_errors}


def failure(env: Any, error: str, cause: str) -> Exception:
    """What a state of moto's fails with. error: one of Step Functions' own; cause: told after where it happened."""
    from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
        FailureEvent,
        FailureEventException,
    )
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType

    kind = StatesErrorNameType.from_name(error)
    told: Any = {"taskFailedEventDetails": TaskFailedEventDetails(error=error, cause=cause)}
    happened = FailureEvent(
        env=env,
        error_name=StatesErrorName(typ=kind),
        event_type=HistoryEventType.TaskFailed,
        event_details=told,
    )
    failed: Exception = FailureEventException(failure_event=happened)
    return failed


def _know_more(module: Any) -> None:
    """What a branch of a map failed with may be an error of Step Functions' own, as may what a catcher names."""
    name = module.CustomErrorName
    own = getattr(name.__init__, "__wrapped__", name.__init__)

    @functools.wraps(own)
    def init(self: Any, error_name: str | None) -> None:
        if error_name is not None and error_name.startswith(_OWN) and _is_known(error_name):
            module.ErrorName.__init__(self, error_name=error_name)
        else:
            own(self, error_name)

    name.__init__ = init


def _is_known(error: str) -> bool:
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType

    return error.startswith(_OF_REQUESTS) or error in {kind.to_name() for kind in StatesErrorNameType}


def _spare_terminal_errors(module: Any) -> None:
    decl = module.ErrorEqualsDecl
    own = getattr(decl._eval_body, "__wrapped__", decl._eval_body)

    @functools.wraps(own)
    def eval_body(self: Any, env: Any) -> None:
        if getattr(env.stack[-1], "error_name", None) in _TERMINAL:
            happened = env.stack.pop()
            env.stack.append(any(named.error_name == happened.error_name for named in self.error_names))
        else:
            own(self, env)

    decl._eval_body = eval_body
