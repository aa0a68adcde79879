"""The workflow of an order: three steps forward, and for each that cannot be done the way back.

What a step did is taken back even when the step itself failed, as it may have failed after its work. Once an order is
confirmed there is no way back: from then on an error is somebody's to look at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from lambdakit.constructs.acknowledgements import acknowledge_wildcard
from lambdakit.constructs.state_machine import LOGS_AND_TRACES

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_sqs as sqs

    from lambdakit import LambdaFunction

# What the functions raise for orders that will be no better the next time.
REFUSALS: Final = ("OutOfStock", "NotEnoughCredit", "NoCarrier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The functions of the workflow: the way forward, and back."""

    reserve: LambdaFunction
    charge: LambdaFunction
    choose_carrier: LambdaFunction
    refund: LambdaFunction
    release: LambdaFunction


class OrderWorkflow(Construct):
    """The state machine of an order, which is its input. That an order is refused is one of its good ends.

    orders: the table in which an order's end is written. warehouse: the queue of those that are to be sent.
    stuck: the queue of those that could neither be finished nor taken back.
    """

    state_machine: stepfunctions.StateMachine

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        steps: Steps,
        orders: dynamodb.ITable,
        warehouse: sqs.IQueue,
        stuck: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id)
        reserve = _call(self, "Reserve", steps.reserve)
        charge = _call(self, "Charge", steps.charge)
        choose_carrier = _call(self, "ChooseCarrier", steps.choose_carrier, result_path="$.carrier")
        confirm = _with_retries(_update(self, "Confirm", orders, {"status": "CONFIRMED", "carrier": "$.carrier"}))
        tell = _with_retries(_send(self, "TellWarehouse", warehouse, ("order_id", "lines", "carrier")))
        refund = _call(self, "Refund", steps.refund)
        release = _call(self, "Release", steps.release)
        reject = _with_retries(_update(self, "Reject", orders, {"status": "REJECTED", "reason": "$.error.Error"}))
        put_aside = _send(self, "PutAside", stuck, ("order_id", "failure")).next(
            stepfunctions.Fail(self, "Stuck", error="Stuck", cause="somebody has to look at the order")
        )
        refund.next(release).next(reject)
        for task, way_back in ((reserve, release), (charge, refund), (choose_carrier, refund)):
            task.add_catch(way_back, errors=["States.ALL"], result_path="$.error")
        for task in (confirm, tell, refund, release, reject):
            task.add_catch(put_aside, errors=["States.ALL"], result_path="$.failure")
        log_group = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        self.state_machine = stepfunctions.StateMachine(
            self,
            "StateMachine",
            definition_body=stepfunctions.DefinitionBody.from_chainable(
                reserve.next(charge).next(choose_carrier).next(confirm).next(tell)
            ),
            timeout=Duration.hours(1),
            tracing_enabled=True,
            logs=stepfunctions.LogOptions(destination=log_group, level=stepfunctions.LogLevel.ALL),
        )
        acknowledge_wildcard(self.state_machine.role, "*", LOGS_AND_TRACES)


def _call(
    scope: Construct, id: str, function: LambdaFunction, *, result_path: str | None = None
) -> stepfunctions.TaskStateBase:
    """A task that runs a function with the order. result_path: where its answer goes; absent, nowhere."""
    task = tasks.LambdaInvoke(
        scope,
        id,
        lambda_function=function.alias,
        payload_response_only=True,
        # Ours, which know what is not worth trying again.
        retry_on_service_exceptions=False,
        result_path=stepfunctions.JsonPath.DISCARD if result_path is None else result_path,
        task_timeout=stepfunctions.Timeout.duration(Duration.seconds(60)),
    )
    task.add_retry(errors=list(REFUSALS), max_attempts=0)
    return _with_retries(task)


def _with_retries(task: stepfunctions.TaskStateBase) -> stepfunctions.TaskStateBase:
    """Tries four more times over half a minute."""
    task.add_retry(
        errors=["States.ALL"],
        interval=Duration.seconds(2),
        backoff_rate=2,
        max_attempts=4,
        jitter_strategy=stepfunctions.JitterType.FULL,
    )
    return task


def _send(scope: Construct, id: str, queue: sqs.IQueue, names: Sequence[str]) -> tasks.SqsSendMessage:
    """A task that sends parts of the state to a queue. names: of the parts."""
    parts = {name: stepfunctions.JsonPath.object_at(f"$.{name}") for name in names}
    return tasks.SqsSendMessage(
        scope,
        id,
        queue=queue,
        message_body=stepfunctions.TaskInput.from_object(parts),
        result_path=stepfunctions.JsonPath.DISCARD,
    )


def _update(
    scope: Construct, id: str, orders: dynamodb.ITable, attributes: Mapping[str, str]
) -> stepfunctions.TaskStateBase:
    """A task that sets attributes of the order. attributes: text, or where in the state it is, `$.carrier`."""
    values: dict[str, Any] = {
        f":{name}": tasks.DynamoAttributeValue.from_string(
            stepfunctions.JsonPath.string_at(value) if value.startswith("$") else value
        )
        for name, value in attributes.items()
    }
    return tasks.DynamoUpdateItem(
        scope,
        id,
        table=orders,
        key={"order_id": tasks.DynamoAttributeValue.from_string(stepfunctions.JsonPath.string_at("$.order_id"))},
        # `status` is a word of DynamoDB's own.
        expression_attribute_names={f"#{name}": name for name in attributes},
        expression_attribute_values=values,
        update_expression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
        result_path=stepfunctions.JsonPath.DISCARD,
    )
