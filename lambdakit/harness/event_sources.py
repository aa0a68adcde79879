"""What brings events to functions, put together: pulled by mappings and pushed by services.

Queues and streams are told apart by who calls: a mapping pulls with the function's role, a service pushes by the
function's resource policy.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from lambdakit.clock import HarnessClock
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.alarms import PromptMetrics
from lambdakit.harness.delivery.api_calls import ApiCalls
from lambdakit.harness.delivery.code_deploy import CodeDeploy
from lambdakit.harness.delivery.deliveries import Deliveries
from lambdakit.harness.delivery.event_buses import EventBuses
from lambdakit.harness.delivery.firehose import Firehose
from lambdakit.harness.delivery.firehose_endpoints import EndpointDeliveries
from lambdakit.harness.delivery.firehose_objects import ObjectWriter
from lambdakit.harness.delivery.firehose_requests import EndpointServers
from lambdakit.harness.delivery.firehose_source import KinesisFeeds
from lambdakit.harness.delivery.function_aliases import FunctionAliases
from lambdakit.harness.delivery.function_calls import FunctionCalls
from lambdakit.harness.delivery.graphql_calls import GraphqlCalls
from lambdakit.harness.delivery.log_metrics import LogMetrics
from lambdakit.harness.delivery.log_subscription import LogSubscriptions
from lambdakit.harness.delivery.other_services import OtherServices
from lambdakit.harness.delivery.pipes import PipeFailed, PipeRuns
from lambdakit.harness.delivery.s3 import S3Deliveries
from lambdakit.harness.delivery.s3_destinations import S3Destinations
from lambdakit.harness.delivery.scheduler import EventBridgeScheduler
from lambdakit.harness.delivery.sns import SnsDeliveries
from lambdakit.harness.delivery.state_machine_tasks import ExpressMachines
from lambdakit.harness.delivery.targets import Clients, Permissions, Targets
from lambdakit.harness.delivery.task_requests import Signing
from lambdakit.harness.event_source_mapping.calls import Answer, MappingCalls, Outcome, Surroundings
from lambdakit.harness.event_source_mapping.mappings import MappingPollers
from lambdakit.harness.event_source_mapping.pipes import PipePollers
from lambdakit.harness.event_source_mapping.registry import PulledSources
from lambdakit.harness.invocation.shipment import Clients as RoleClients
from lambdakit.harness.invocation.workers import Workers
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.moto_state.pipes import Pipe
from lambdakit.harness.moto_state.topics import Topics
from lambdakit.trace import TraceLog

_WORKERS_MAX: Final = 256
# Of a role that an event source mapping acts as.
_SESSION: Final = "awslambda"


class Access(Signing, Permissions, Protocol):
    """Who may be called by whom, and what requests are signed with."""


class EventSources:
    """Starts with the harness. Make it before moto's services are loaded.

    clients: of the account's administrator, by service, region and account. role_clients: of a role.
    permissions: who may be called by whom. metrics: the functions' measurements. servers: what stands for hosts
    outside the harness.
    """

    def __init__(
        self,
        *,
        stores: FunctionStores,
        invocations: Invocations,
        clock: HarnessClock,
        activity: Activity,
        trace: TraceLog,
        clients: Clients,
        role_clients: RoleClients,
        permissions: Access,
        metrics: PromptMetrics,
        servers: EndpointServers,
    ) -> None:
        self._workers = Workers("event-source", most=_WORKERS_MAX)
        around = Surroundings(
            calls=MappingCalls(stores, invocations),
            clock=clock,
            activity=activity,
            trace=trace,
            submit=self._workers.submit,
            clients=role_clients,
            refusal=lambda role_arn, action, resource: permissions.role_refusal(role_arn, _SESSION, action, resource),
        )
        targets = Targets(stores=stores, invocations=invocations, clients=clients, permissions=permissions)
        self._deliveries = Deliveries(targets, workers=self._workers, clock=clock, activity=activity, trace=trace)
        Topics(SnsDeliveries(self._deliveries, now=clock.now, trace=trace).published)
        self.buses = EventBuses(
            self._deliveries, clock=clock, activity=activity, trace=trace, submit=self._workers.submit
        )
        self._scheduler = EventBridgeScheduler(self._deliveries, clock=clock, trace=trace, role_clients=role_clients)
        put_aws_event = self.buses.put_aws_event
        destinations = S3Destinations(stores, clients, permissions)
        buckets = S3Deliveries(
            self._deliveries, destinations, now=clock.now, user_id=permissions.user_id, put_aws_event=put_aws_event
        )
        LogSubscriptions(
            self._deliveries,
            LogMetrics(clients, submit=self._workers.submit, activity=activity, trace=trace),
            stores=stores,
            clients=clients,
            permissions=permissions,
            trace=trace,
        )
        self.pulled = PulledSources(stores, clients, around, permissions.user_id)
        calls = FunctionCalls(
            stores=stores, invocations=invocations, permissions=permissions, submit=self._workers.submit
        )
        ApiCalls(targets, role_clients, servers.localize)
        GraphqlCalls(targets, permissions, servers.localize)
        self._others = OtherServices(
            calls,
            targets,
            self._deliveries,
            FunctionAliases(stores, permissions),
            clock=clock,
            activity=activity,
            trace=trace,
            clients=clients,
            role_clients=role_clients,
            submit=self._workers.submit,
            metrics=metrics,
            servers=servers,
            signing=permissions,
            put_aws_event=put_aws_event,
        )
        buckets.watch(self._others.object_changed)
        submit = self._workers.submit
        writer = ObjectWriter(
            clients=clients, permissions=permissions, submit=submit, clock=clock, activity=activity, trace=trace
        )
        self._servers = servers
        endpoints = EndpointDeliveries(
            servers,
            clients=clients,
            permissions=permissions,
            submit=submit,
            clock=clock,
            activity=activity,
            trace=trace,
        )
        self._firehose = Firehose(calls, writer, endpoints, submit=submit, clock=clock, activity=activity, trace=trace)
        KinesisFeeds(self._firehose, self.pulled.streams, permissions, submit=submit, activity=activity, trace=trace)
        machines = ExpressMachines(role_clients)
        runs = PipeRuns(calls, targets, now=clock.now, run_machine=machines.run)
        self._pipes = PipePollers(self.pulled.pollers, around, lambda pipe, records: _pipe_answer(runs, pipe, records))
        self._mappings = MappingPollers(stores, self.pulled.pollers, around)

    @property
    def code_deploy(self) -> CodeDeploy:
        """CodeDeploy."""
        return self._others.code_deploy

    def reset(self) -> None:
        """Begins anew, after the account was put back to an earlier state."""
        self._deliveries.reset()
        self.buses.reset()
        self._scheduler.reset()
        self._others.reset()
        self.pulled.reset()
        self._firehose.reset()
        self._mappings.reset()
        self._pipes.reset()

    def close(self) -> None:
        """Nothing is pulled or pushed any more. Idempotent."""
        self._mappings.close()
        self._pipes.close()
        self._others.close()
        self._servers.close()
        self._workers.stop()

    def join(self) -> None:
        """Waits for what was under way."""
        self._workers.join()


def _pipe_answer(runs: PipeRuns, pipe: Pipe, records: list[dict[str, Any]]) -> Answer:
    """What came of a pipe's batch, as pollers understand it."""
    try:
        passed = runs.run(pipe, records)
    except PipeFailed as failed:
        outcome = Outcome.THROTTLED if failed.is_throttled else Outcome.FAILED
        return Answer(outcome=outcome, reason=str(failed))
    return Answer(outcome=Outcome.ANSWERED, request_id=passed.request_id, payload=passed.payload)
