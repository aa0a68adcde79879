"""What tasks of state machines that call DynamoDB fail with.

Private surface used: of `moto.stepfunctions.parser.asl.component.state.exec.state_task.service` the module
`state_task_service_dynamodb` with `StateTaskServiceDynamoDB` (`_error_cause_from_client_error`, `_from_error`),
`StateTaskService` and `_ERROR_NAME_AWS`.
Canary: tests/behaviour/test_behaviour_state_machine_tables.py.

Source: AWS Step Functions Developer Guide, "Handling errors in Step Functions workflows" (`States.Runtime`, for paths
that find nothing); AWS Compute Blog, "Controlling concurrency in distributed systems using AWS Step Functions" (an
expression that names an attribute which is not there fails as `DynamoDB.AmazonDynamoDBException`, the name that the SDK
for Java has for all errors that the service's model does not name).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

# botocore's model of DynamoDB: the errors of GetItem, PutItem, UpdateItem and DeleteItem.
_NAMED: Final = frozenset(
    {
        "ConditionalCheckFailedException",
        "InternalServerError",
        "ItemCollectionSizeLimitExceededException",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "ResourceNotFoundException",
        "ThrottlingException",
        "TransactionConflictException",
    }
)


def changes_of_tables(interpreter: str) -> Mapping[str, Callable[[Any], None]]:
    """What is done to which of moto's modules. interpreter: the package's name, with its dot."""
    services = f"{interpreter}asl.component.state.exec.state_task.service.state_task_service"
    return {f"{services}_dynamodb": _name_errors}


def _name_errors(module: Any) -> None:
    task = module.StateTaskServiceDynamoDB
    own = getattr(task._from_error, "__wrapped__", task._from_error)
    own_cause = getattr(task._error_cause_from_client_error, "__wrapped__", task._error_cause_from_client_error)

    @functools.wraps(own_cause)
    def error_and_cause(refused: Any) -> tuple[str, str]:
        error, cause = own_cause(refused)
        return (error if refused.response["Error"]["Code"] in _NAMED else module._ERROR_NAME_AWS), cause

    @functools.wraps(own)
    def from_error(state: Any, env: Any, ex: Exception) -> Any:
        if isinstance(ex, module.ClientError):
            return own(state, env=env, ex=ex)
        return module.StateTaskService._from_error(state, env=env, ex=ex)  # nothing was asked of DynamoDB

    task._error_cause_from_client_error = staticmethod(error_and_cause)
    task._from_error = from_error
