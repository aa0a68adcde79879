"""moto's executions of state machines that something else runs; see `state_machines` for the others.

Private surface used: `stepfunctions_backends[account][region].state_machines[].executions[]` with `execution_arn`,
`status` or `exec_status`, `stop_date` and `error`. Canary: tests/behaviour/test_behaviour_custom_resource_waiting.py,
which reads the status back through the API.
"""

from __future__ import annotations

from datetime import UTC, datetime


def finish_execution(execution_arn: str, *, failed: str) -> None:
    """Ends an execution that something else ran. failed: its error's name; empty when it succeeded."""
    from moto.stepfunctions.models import stepfunctions_backends

    region, account_id = execution_arn.split(":")[3:5]
    for machine in stepfunctions_backends[account_id][region].state_machines:
        for execution in machine.executions:
            if execution.execution_arn == execution_arn:
                status = "FAILED" if failed else "SUCCEEDED"
                if hasattr(execution, "exec_status"):  # of moto's interpreter
                    execution.exec_status = type(execution.exec_status)(status)
                else:
                    execution.status = status
                execution.stop_date = datetime.now(UTC)
                execution.error = failed or None
