"""The CloudFormation API over HTTP: its operations on the stacks of the harness, those that `deploy` made included.

Source: AWS CloudFormation API Reference.
"""

from __future__ import annotations

import functools
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.activity import Activity
from lambdakit.harness.deployment.cloudformation import change_set_operations as on_change_sets
from lambdakit.harness.deployment.cloudformation import reading_operations as reading
from lambdakit.harness.deployment.cloudformation import stack_operations as on_stacks
from lambdakit.harness.deployment.cloudformation.caller import Caller, Input, Output
from lambdakit.harness.deployment.cloudformation.change_sets import ChangeSets
from lambdakit.harness.deployment.cloudformation.query_protocol import (
    MalformedQuery,
    read_form,
    read_input,
    write_error,
    write_output,
)
from lambdakit.harness.deployment.cloudformation.refusal import Refused
from lambdakit.harness.deployment.cloudformation.sources import Sources
from lambdakit.harness.deployment.cloudformation.stack_work import StackWork
from lambdakit.harness.deployment.engine import Engine
from lambdakit.harness.wire import Request, Response

logger = logging.getLogger(__name__)

_NAMESPACE: Final = "http://cloudformation.amazonaws.com/doc/2010-05-15/"

OPERATIONS: Final[Mapping[str, Callable[[Caller, Input], Output]]] = {
    "ContinueUpdateRollback": on_stacks.continue_update_rollback,
    "CreateChangeSet": on_change_sets.create_change_set,
    "CreateStack": on_stacks.create_stack,
    "DeleteChangeSet": on_change_sets.delete_change_set,
    "DeleteStack": on_stacks.delete_stack,
    "DescribeChangeSet": on_change_sets.describe_change_set,
    "DescribeStackEvents": reading.describe_events,
    "DescribeStackResource": reading.describe_resource,
    "DescribeStackResources": reading.describe_resources,
    "DescribeStacks": reading.describe_stacks,
    "ExecuteChangeSet": on_change_sets.execute_change_set,
    "GetStackPolicy": reading.get_policy,
    "GetTemplate": reading.get_template,
    "GetTemplateSummary": reading.template_summary,
    "ListChangeSets": on_change_sets.list_change_sets,
    "ListExports": reading.list_exports,
    "ListImports": reading.list_imports,
    "ListStackResources": reading.list_resources,
    "ListStacks": reading.list_stacks,
    "RollbackStack": on_stacks.rollback_stack,
    "SetStackPolicy": on_stacks.set_stack_policy,
    "UpdateStack": on_stacks.update_stack,
    "UpdateTerminationProtection": on_stacks.protect,
    "ValidateTemplate": reading.validate_template,
}


class CloudFormationApi:
    """Answers the requests of one harness."""

    def __init__(self, engine: Engine, activity: Activity) -> None:
        self._signals = engine.context.custom_resources.signals
        self._change_sets = ChangeSets()
        self._work = StackWork(engine, activity, on_gone=self._change_sets.forget_stack)
        # One call after the other: a status is looked at and changed. What takes time is done in the background.
        self._lock = threading.Lock()
        self._caller = functools.partial(
            Caller,
            engine=engine,
            sources=Sources(engine.context.account),
            work=self._work,
            change_sets=self._change_sets,
        )

    def serve(self, request: Request, region: str, account_id: str) -> Response:
        """The answer to a request signed for `cloudformation`."""
        request_id = str(uuid.uuid4())
        try:
            form = read_form(request.body)
            operation = _operation(form.get("Action", ""))
            given = read_input(operation, form)
            with self._lock:
                output = _do(operation.name, self._caller(account_id=account_id, region=region), given)
            body = write_output(operation, output, namespace=_NAMESPACE, request_id=request_id)
            return Response(status=200, headers=[("Content-Type", "text/xml")], body=body)
        except Refused as refused:
            code, message, status = refused.code, refused.message, 400
        except MalformedQuery as malformed:
            code, message, status = "ValidationError", str(malformed), 400
        except Exception:  # the boundary of a request: an SDK reads XML only
            logger.exception("CloudFormation")
            code, message, status = "InternalFailure", "the harness failed to answer; its log says why", 500
        body = write_error(code, message, namespace=_NAMESPACE, request_id=request_id)
        status = 404 if code == "ChangeSetNotFound" else status
        return Response(status=status, headers=[("Content-Type", "text/xml")], body=body)

    def close(self) -> None:
        """Lets the changes under way end. Idempotent."""
        self._signals.close()  # who waits holds a change up
        self._work.close()


def _do(name: str, caller: Caller, given: Input) -> Output:
    do = OPERATIONS.get(name)
    if do is None:
        raise Refused("NotImplemented", f"{name} is not built in this harness")
    return do(caller, given)


@functools.cache
def _service() -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model("cloudformation", "service-2"))


def _operation(name: str) -> Any:
    service = _service()
    if name not in service.operation_names:
        raise Refused("InvalidAction", f"Could not find operation {name or '(none)'} for version 2010-05-15")
    return service.operation_model(name)
