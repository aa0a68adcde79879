"""What durable functions, and functions that isolate their tenants, ask of those who invoke them, and do not go with.

Source: AWS Lambda Developer Guide, "Invoking Lambda durable functions", "Event source mappings with durable functions",
"Tenant isolation" and "Troubleshooting tenant isolation for Lambda functions"; API Reference, "Invoke".
"""

from __future__ import annotations

import re
from typing import Final

from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.validation import refuse, unsatisfied
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.limits import DURABLE_SYNC_SECONDS_MAX

_TENANT: Final = r"[a-zA-Z0-9\._:\/=+\-@ ]+"
_TENANT_LENGTH_MAX: Final = 256
_NAME: Final = r"[a-zA-Z0-9-_]+"
_NAME_LENGTH_MAX: Final = 64


def is_ordinary(configuration: FunctionConfiguration, event: Event) -> bool:
    """Whether nothing here concerns an invocation: of most that is all there is to be known."""
    return not (
        configuration.tenancy or event.tenant_id or event.durable_execution_name or configuration.durable is not None
    )


def check_invocation(configuration: FunctionConfiguration, event: Event, *, streams: bool = False) -> None:
    """Refuses an invocation that a function of its kind does not take. streams: the caller takes a streamed answer."""
    if is_ordinary(configuration, event):
        return
    _check_form("tenantId", event.tenant_id, _TENANT, _TENANT_LENGTH_MAX)
    _check_form("durableExecutionName", event.durable_execution_name, _NAME, _NAME_LENGTH_MAX)
    if bool(configuration.tenancy) != bool(event.tenant_id):
        # Guide "Troubleshooting tenant isolation for Lambda functions": one message for both.
        raise _invalid(
            "Tenant ID configuration not specified or passed to a function when tenant isolation is not enabled."
        )
    if configuration.durable is None:
        if event.durable_execution_name:
            raise _invalid("A durable execution name can only be given for a durable function")
        return
    if not event.qualifier:
        raise _invalid("You cannot invoke a durable function using an unqualified ARN.")
    if streams:
        raise _invalid("A durable function cannot be invoked with a response stream")


def check_mapped(configuration: FunctionConfiguration, qualifier: str) -> None:
    """Refuses an event source mapping to a function that none can invoke."""
    refuse_with_tenants(configuration, "Event source mappings are")
    durable = configuration.durable
    if durable is None:
        return
    if not qualifier:
        raise _invalid("You cannot map an event source to a durable function using an unqualified ARN.")
    if durable.execution_timeout_seconds > DURABLE_SYNC_SECONDS_MAX:
        raise _invalid(
            f"The durable function's ExecutionTimeout of {durable.execution_timeout_seconds} seconds is above "
            f"{DURABLE_SYNC_SECONDS_MAX}, the most that an event source mapping waits."
        )


def refuse_with_tenants(configuration: FunctionConfiguration, what: str) -> None:
    """Refuses what a function that isolates its tenants cannot have; the words are ours. what: `Function URLs are`."""
    if configuration.tenancy:
        raise _invalid(f"{what} not supported for functions with tenant isolation.")


def _check_form(member: str, value: str, pattern: str, most: int) -> None:
    if not value:
        return
    problems = []
    if not re.fullmatch(pattern, value):
        problems.append(unsatisfied(member, value, f"Member must satisfy regular expression pattern: {pattern}"))
    if len(value) > most:
        problems.append(unsatisfied(member, value, f"Member must have length less than or equal to {most}"))
    refuse(problems)


def _invalid(problem: str) -> ServiceFault:
    return ServiceFault("InvalidParameterValueException", problem)
