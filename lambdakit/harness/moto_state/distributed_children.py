"""One child execution of a distributed Map state, in moto's interpreter.

Private surface used, of `moto.stepfunctions.parser.asl`: `eval.environment.Environment` with `open_inner_frame`,
`delete_frame`, `event_manager`, `states` and `program_state`; `eval.event.event_manager.EventManager`; the classes of
`eval.program_state` by their names.
Canary: tests/behaviour/test_behaviour_state_machine_distributed.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lambdakit.harness.moto_state.distributed_results import Child


def run_child(env: Any, program: Any, child: Child, running: list[Any]) -> Child:
    """The child once it has ended; PENDING when it was stopped. running: holds its environment meanwhile.

    It has a history of its own, and a context object that names its own execution and input.
    """
    from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager

    started = datetime.now(UTC)
    frame = env.open_inner_frame()
    frame.event_manager = EventManager()
    context = frame.states.context_object.context_object_data
    context["Execution"] = {
        **context["Execution"],
        "Id": child.arn,
        "Input": child.given,
        "Name": child.arn.rpartition(":")[2],
        "StartTime": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    context["StateMachine"] = {**context["StateMachine"], "Id": child.machine_arn}
    frame.states.reset(child.given)
    frame.stack.append(frame.states.get_input())
    running.append(frame)
    try:
        program.eval(frame)
    finally:
        running.remove(frame)
        env.delete_frame(frame)
    ended = frame.program_state()
    child = replace(child, started=started, stopped=datetime.now(UTC))
    match type(ended).__name__:
        case "ProgramEnded":
            return replace(child, status="SUCCEEDED", output=frame.states.get_input())
        case "ProgramError":
            told = ended.error or {}
            return replace(child, status="FAILED", error=told.get("error", ""), cause=told.get("cause", ""))
        case "ProgramTimedOut":
            return replace(child, status="FAILED", error="States.Timeout")
    return child
