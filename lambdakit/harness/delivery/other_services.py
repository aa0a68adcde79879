"""The services that call functions for reasons of their own, put together: user pools, alarms and their like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lambdakit.clock import HarnessClock
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.alarm_actions import AlarmActions, PutAwsEvent
from lambdakit.harness.delivery.alarm_messages import Transition
from lambdakit.harness.delivery.alarms import AlarmEvaluation, PromptMetrics
from lambdakit.harness.delivery.api_task import ApiTasks
from lambdakit.harness.delivery.code_deploy import CodeDeploy
from lambdakit.harness.delivery.config_rules import ConfigRuleRuns
from lambdakit.harness.delivery.deliveries import Deliveries
from lambdakit.harness.delivery.firehose_requests import EndpointServers
from lambdakit.harness.delivery.function_aliases import FunctionAliases
from lambdakit.harness.delivery.function_calls import FunctionCalls
from lambdakit.harness.delivery.http_task import HttpTasks
from lambdakit.harness.delivery.pipeline_service import CodePipeline
from lambdakit.harness.delivery.rotation import Rotation
from lambdakit.harness.delivery.state_machine_queries import evaluate
from lambdakit.harness.delivery.state_machine_tasks import StateMachineTasks
from lambdakit.harness.delivery.targets import Clients, Targets
from lambdakit.harness.delivery.task_members import from_api, to_api
from lambdakit.harness.delivery.task_names import client_name, error_prefix
from lambdakit.harness.delivery.task_requests import Signing
from lambdakit.harness.delivery.topic_rules import TopicRuleActions
from lambdakit.harness.delivery.user_pool_secrets import check_secret_hash
from lambdakit.harness.delivery.user_pool_triggers import Triggers
from lambdakit.harness.delivery.user_pools import UserPoolTriggers
from lambdakit.harness.invocation.shipment import Clients as RoleClients
from lambdakit.harness.moto_state.alarms import Alarms
from lambdakit.harness.moto_state.buckets import ObjectChange
from lambdakit.harness.moto_state.execution_threads import ExecutionThreads
from lambdakit.harness.moto_state.secret_rotation import SecretRotations
from lambdakit.harness.moto_state.state_calls import API_GATEWAY, HTTP, TaskCalls
from lambdakit.harness.moto_state.state_machines import StateMachines
from lambdakit.harness.moto_state.user_pools import UserPools
from lambdakit.trace import RuntimeNote, TraceLog

_EXECUTIONS: Final = "executions of state machines"
_MEASUREMENTS: Final = "measurements of functions"


class OtherServices:
    """Starts with the harness. Make it before moto's services are loaded.

    clients: of the account's administrator. role_clients: in a session of a role. submit: runs a job on another thread.
    metrics: the functions' measurements. servers, signing: for the requests of state machines.
    put_aws_event: of services, on the default bus; absence drops them.
    """

    def __init__(
        self,
        calls: FunctionCalls,
        targets: Targets,
        deliveries: Deliveries,
        aliases: FunctionAliases,
        *,
        clock: HarnessClock,
        activity: Activity,
        trace: TraceLog,
        clients: Clients,
        role_clients: RoleClients,
        submit: Callable[[Callable[[], None]], None],
        metrics: PromptMetrics,
        servers: EndpointServers,
        signing: Signing,
        put_aws_event: PutAwsEvent | None = None,
    ) -> None:
        self._rotation = Rotation(SecretRotations(), calls, clock=clock, activity=activity, trace=trace, submit=submit)
        threads = ExecutionThreads(
            clock, begin=lambda: activity.begin(_EXECUTIONS), end=lambda: activity.end(_EXECUTIONS)
        )
        tasks = StateMachineTasks(calls, role_clients, trace, put_aws_event)
        requests: dict[str, TaskCalls] = {
            HTTP: HttpTasks(servers, signing).call,
            API_GATEWAY: ApiTasks(servers, signing).call,
        }
        self._state_machines = StateMachines(
            threads,
            tasks.client,
            to_api=to_api,
            from_api=from_api,
            client_name=client_name,
            error_prefix=error_prefix,
            evaluate=evaluate,
            call=lambda task: requests[task.service](task),
            ended=tasks.ended,
            begun=tasks.begun,
            recorded=lambda machine, what: _tell(trace, machine, what),
        )
        TopicRuleActions(targets, role_clients, now=clock.now, submit=submit, activity=activity, trace=trace)
        self._user_pools = UserPoolTriggers(Triggers(calls, trace), now=clock.now)
        UserPools(self._user_pools.serve, check=check_secret_hash)
        self._config_rules = ConfigRuleRuns(deliveries, calls, clock=clock, put_event=put_aws_event)
        self._pipelines = CodePipeline(
            calls,
            targets,
            clients=clients,
            role_clients=role_clients,
            clock=clock,
            activity=activity,
            trace=trace,
            submit=submit,
            put_event=put_aws_event,
        )
        self.code_deploy = CodeDeploy(
            calls,
            aliases,
            clients=clients,
            role_clients=role_clients,
            clock=clock,
            activity=activity,
            trace=trace,
            submit=submit,
        )
        actions = AlarmActions(deliveries, trace, put_aws_event)

        def act(change: Transition) -> None:
            actions.act(change)
            self.code_deploy.alarm_changed(change)

        self._alarms = AlarmEvaluation(
            Alarms(clock.now),
            clock=clock,
            trace=trace,
            act=act,
            functions=metrics,
            begin=lambda: activity.begin(_MEASUREMENTS),
            end=lambda: activity.end(_MEASUREMENTS),
        )

    def object_changed(self, change: ObjectChange) -> None:
        """Takes something that was done to an object."""
        self._pipelines.object_changed(change)

    def reset(self) -> None:
        """Begins anew, after the account was put back to an earlier state."""
        self._state_machines.abort_all()
        self._rotation.reset()
        self._user_pools.reset()
        self._alarms.reset()
        self._config_rules.reset()
        self._pipelines.reset()
        self.code_deploy.reset()

    def close(self) -> None:
        """Nothing is called any more. Idempotent."""
        self._state_machines.abort_all()


def _tell(trace: TraceLog, machine: str, what: str) -> None:
    trace.append(RuntimeNote(function=machine, note=what))
