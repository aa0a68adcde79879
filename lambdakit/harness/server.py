"""One harness, put together: what starts in which order, and ends in the reverse one.

work directory -> log writer -> account (moto) -> Lambda service -> front doors -> deployer -> endpoint
"""

from __future__ import annotations

import contextlib
import functools
import gc
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lambdakit.clock import HarnessClock
from lambdakit.harness.account import Account
from lambdakit.harness.activity import Activity
from lambdakit.harness.certificates import Certificates
from lambdakit.harness.control import Control
from lambdakit.harness.delivery.firehose_requests import EndpointServers
from lambdakit.harness.deployment.cloudformation.api import CloudFormationApi
from lambdakit.harness.deployment.cloudformation.stack_work import STACK_CHANGE
from lambdakit.harness.deployment.custom_resource_responses import CustomResourceCalls
from lambdakit.harness.deployment.deploy import Deployer
from lambdakit.harness.deployment.deployed import Stacks
from lambdakit.harness.deployment.known_types import all_provisioners
from lambdakit.harness.deployment.provisioner import Context
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.deployment.stack_events import StackEvents
from lambdakit.harness.drain import Drain
from lambdakit.harness.endpoint import Endpoint
from lambdakit.harness.event_sources import EventSources
from lambdakit.harness.front_doors import Gateways
from lambdakit.harness.guards import Guards
from lambdakit.harness.inner_listeners import HTTPS_PORT
from lambdakit.harness.invocation.concurrency import Concurrency
from lambdakit.harness.invocation.function_metrics import NAMESPACE
from lambdakit.harness.invocation.invoke import Event, Invoker
from lambdakit.harness.invocation.readiness import Readiness
from lambdakit.harness.lambda_service.control_plane import ControlPlane
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations, StoredFunctions
from lambdakit.harness.lambda_service.invoke_api import InvokeApi
from lambdakit.harness.lambda_service.invoke_stream_api import InvokeStreamApi
from lambdakit.harness.lambda_service.layers import LayerStore
from lambdakit.harness.lambda_service.operations.operation import OperationContext
from lambdakit.harness.launching import available_launcher, codeless_function
from lambdakit.harness.listener import Listener, RequestHandler
from lambdakit.harness.moto_state.file_systems import access_point
from lambdakit.harness.moto_state.logs import LogWriter
from lambdakit.harness.moto_state.mended import mend_moto
from lambdakit.harness.moto_state.metrics import MetricWriter
from lambdakit.harness.moto_state.time import follow_clock, wake_receivers
from lambdakit.harness.network.bind_calls import BindCalls
from lambdakit.harness.network.namespace_watch import NamespaceWatch
from lambdakit.harness.network.verdict import Judge
from lambdakit.harness.options import Options
from lambdakit.harness.runtime.available_launcher import AvailableLauncher
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.file_systems import FileSystems
from lambdakit.harness.runtime.launcher import Launcher
from lambdakit.harness.runtime.runtime_image import cache_directory
from lambdakit.harness.runtime.runtimes.registry import Runtimes
from lambdakit.harness.service_fronts import stand_before
from lambdakit.harness.wire import Request, Response
from lambdakit.trace import RuntimeNote, TraceLog

_USUAL_SERVICES = ("iam", "logs", "dynamodb", "apigatewayv2")


class Server:
    """A running harness. HarnessError when its port cannot be used.

    judge: what the functions' networks let them reach; absence: what the account's network says.
    """

    def __init__(self, options: Options, *, judge: Judge | None = None) -> None:
        self._judge = judge
        self._options = options
        self._stack = contextlib.ExitStack()
        self._closing = threading.Event()
        self._ready = threading.Event()
        self._certificates = Certificates()
        self._use_https: set[str] = set()
        self.clock = HarnessClock()
        self.activity = Activity()
        self.trace = TraceLog(self.clock)
        try:
            self._start()
        except BaseException:
            self._ready.set()  # who came early must not be waited for
            self._stack.close()
            raise

    @property
    def port(self) -> int:
        """Where the endpoint listens on loopback."""
        return self._listener.port

    def close(self) -> None:
        """Ends everything that was started, in reverse order. Idempotent."""
        self._stack.close()

    def _start(self) -> None:
        options, trace, clock = self._options, self.trace, self.clock
        # The port is taken before moto is imported: one that is in use is told at once.
        self._listener = Listener(self._when_ready, port=options.port, name="endpoint")
        self._stack.callback(self._listener.close)
        self._stack.callback(trace.close)  # who waits for events holds a connection of the listener's
        work = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="lambdakit-")))
        self._logs = LogWriter(settle=trace.wait_until_settled)
        self._stack.callback(self._logs.close)
        metrics = MetricWriter(NAMESPACE)
        self._stack.callback(metrics.close)
        follow_clock(lambda: clock.ahead)
        mend_moto()
        account = Account(account_id=options.account_id, region=options.region)
        code = CodeStore(work / "code")
        self._doors = FrontDoors(lambda: self._listener.url)
        self._stack.callback(self._doors.close)
        self._functions = FunctionStores(
            account_id=options.account_id,
            region=options.region,
            on_changed=self._retire,
            clock=clock,
            seed=options.seed,
        )
        layers, stacks = LayerStore(), Stacks()
        self._guards = Guards(
            options,
            stacks=stacks,
            functions=self._functions,
            layers=layers,
            trace=trace,
            clock=clock,
            judge=self._judge,
        )
        access, network = self._guards.access, self._guards.network
        files = FileSystems(work / "file-systems", access_point)
        launcher = self._launcher(Runtimes(cache_directory(), fallback=work, code=code), code, files)
        account.check = access.malformed
        concurrency = Concurrency(StoredFunctions(self._functions), now=clock.now)
        self._invoker = Invoker(
            launcher=launcher,
            credentials=self._guards.credentials,
            logs=self._logs,
            trace=trace,
            clock=clock,
            endpoint_url=lambda: self._listener.url,
            admit_environment=concurrency.admit_environment,
            network=network,
            log_refusal=self._guards.log_refusal(lambda: account.touched),
            file_system_of=files.file_system_of,
        )
        self._invocations = Invocations(
            stores=self._functions,
            invoker=self._invoker,
            concurrency=concurrency,
            clients=access.clients(account),
            refusal=lambda role, action, resource: access.role_refusal(role, "awslambda", action, resource),
            ready=Readiness(launcher).wait,
            metrics=metrics,
            clock=clock,
            activity=self.activity,
            trace=trace,
        )
        self._events = EventSources(
            stores=self._functions,
            invocations=self._invocations,
            clock=clock,
            activity=self.activity,
            trace=trace,
            clients=account.client,
            role_clients=access.clients(account),
            permissions=access,
            metrics=metrics,
            servers=EndpointServers(self._guards.bindings, self._doors.localize_url),
        )
        gateways = Gateways(
            doors=self._doors,
            stores=self._functions,
            invocations=self._invocations,
            access=access,
            clients=access.clients(account),
            write_line=self._logs.write,
            metrics=metrics,
            trace=trace,
            clock=clock,
            bindings=self._guards.bindings,
            activity=self.activity,
            network=network,
            ask=lambda request, principal: self._endpoint.serve_for(request, principal),
            region=options.region,
        )
        gateways.graphql.stand_before(account)
        stand_before(account, self._invocations.scaling, gateways.trials, region=options.region)
        changes = self._stack.enter_context(contextlib.ExitStack())  # of stacks, which end when no function answers
        self._stack.callback(gateways.join)
        self._stack.callback(self._invocations.join)  # what is under way ends with its environments
        self._stack.callback(self._invoker.pool.close)
        self._stack.callback(self._events.join)
        self._stack.callback(self._invocations.stop)
        self._stack.callback(self._events.close)
        self._stack.callback(clock.close)
        self._stack.callback(gateways.graphql.stop)
        custom_resources = CustomResourceCalls(
            base_url=self._answered_at, invoke=self._invoke_custom_resource, quiet=self._quiet, events=trace.events
        )
        context = Context(
            account=account,
            functions=self._functions,
            layers=layers,
            code=code,
            doors=self._doors,
            clock=clock,
            asset=lambda bucket, key: None,
            note=lambda function, note: trace.append(RuntimeNote(function=function, note=note)),
            retire=self._reset_function,
            open_http_api=gateways.open_http_api,
            open_rest_api=gateways.open_rest_api,
            open_domain=gateways.open_domain,
            open_websocket_api=gateways.open_websocket_api,
            load_balancers=gateways.load_balancers,
            content=gateways.content.served,
            flush_logs=self._logs.flush,
            custom_resources=custom_resources,
            code_deploy=self._events.code_deploy,
            roles=access,
            files=files,
            told=trace.append,
        )
        deployer = Deployer(
            context,
            provisioner_of=lambda name: all_provisioners()(name),
            trace=trace,
            lenient=options.unsupported == "warn",
            stacks=stacks,
        )
        stacks.listen(StackEvents(account, self._doors, self._events.buses.put_aws_event, trace).tell)
        cloudformation = CloudFormationApi(deployer.engine, self.activity)
        changes.callback(cloudformation.close)
        control = Control(
            token=options.token,
            deployer=deployer,
            doors=self._doors,
            trace=trace,
            clock=clock,
            drain=Drain(
                clock=clock,
                activity=self.activity,
                environments=self._invoker.pool,
                flush=lambda: self._flush(gateways),
                moved=wake_receivers,
            ),
            health=lambda: self._health(launcher),
            binds=BindCalls(
                self._guards.bindings,
                functions=network.functions,
                retire=self._retire,
                has_sandbox=lambda: launcher.has_sandbox,
            ),
            prepare=lambda names: self._prepare(launcher, names, work),
            send_records=self._events.pulled.sent.send,
            permissions=self._guards.permissions,
            reachability=self._guards.reachability(lambda: launcher.network_coverage),
            was_reset=lambda: self._was_reset(files),
        )
        self._endpoint = Endpoint(
            account=account,
            doors=self._doors,
            invoke=InvokeApi(self._functions, self._invocations),
            invoke_stream=InvokeStreamApi(self._functions, self._invocations),
            control_plane=ControlPlane(
                lambda account_id, region: OperationContext(
                    functions=self._functions.of(account_id),
                    layers=layers,
                    code=code,
                    account=account,
                    clock=clock,
                    region=region or options.region,
                    roles=access,
                    durable=self._invocations.durable.service,
                )
            ),
            access=access,
            network=network,
            trace=trace,
            cloudformation=lambda request, region, account_id: cloudformation.serve(
                request, region or options.region, account_id or options.account_id
            ),
            control=lambda request: custom_resources.serve(request) or control.serve(request),
            before_logs=self._logs.flush,
            before_metrics=metrics.flush,
            configuration=deployer.configuration_calls,
        )
        self._ready.set()
        self._ahead("warm-up", lambda: _warm_up(account, self._closing))

    def _launcher(self, runtimes: Runtimes, code: CodeStore, files: FileSystems) -> AvailableLauncher:
        launcher = available_launcher(
            runtimes,
            code,
            sandbox=self._options.sandbox,
            tls=self._certificates.context,
            watch=lambda: NamespaceWatch(self._guards.network, self._guards.bindings),
            reachable=self._reachable,
            authority=lambda: self._certificates.authority() if self._use_https else "",
            endpoint_port=lambda: self._listener.port,
            files=files,
            ends=self._stack,
        )
        self._ahead("launcher", launcher.start)
        return launcher

    def _reachable(self, environment: str) -> Mapping[int, RequestHandler]:
        serve = functools.partial(self._endpoint.serve, environment=environment)
        https = {HTTPS_PORT: serve} if self._use_https else {}
        return {self._listener.port: serve, **https, **self._doors.ports(environment)}

    def _prepare(self, launcher: Launcher, names: Sequence[str], work: Path) -> None:
        account_id, region = self._options.account_id, self._options.region
        for name in names:
            plain = codeless_function(name, work / "no-code", account_id=account_id, region=region)
            self._ahead(f"prepare-{name}", functools.partial(launcher.prepare, plain))

    def _ahead(self, name: str, work: Callable[[], object]) -> None:
        """Does in the background what the first use would wait for; the first use meets what goes wrong."""

        def run() -> None:
            with contextlib.suppress(Exception):
                work()

        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(self._closing.set)

    def _when_ready(self, request: Request) -> Response:
        self._ready.wait()
        return self._endpoint.serve(request)

    def _retire(self, arn: str) -> None:
        self._invoker.pool.retire(arn, reason="updated")
        self._invocations.renew(arn)

    def _reset_function(self, arn: str) -> None:
        self._invocations.forget(arn)
        self._retire(arn)

    def _was_reset(self, files: FileSystems) -> None:
        self._events.reset()
        files.empty_elsewhere()

    def _invoke_custom_resource(self, arn: str, payload: bytes) -> str:
        target = self._functions.resolve(arn)
        result = self._invocations.invoke(target.configuration, Event(payload=payload, qualifier=target.qualifier))
        return "" if result.outcome.fault is None else result.outcome.payload.decode("utf-8", "replace")

    def _answered_at(self, function: str) -> str:
        """Where the function behind a custom resource finds the harness.

        The Node.js handlers of the CDK, and cfn-response, speak HTTPS to port 443, whatever the URL says; only a
        sandbox has that port free.
        """
        if not function:
            return self._listener.url
        configuration = self._functions.resolve(function).configuration
        if not configuration.runtime.startswith("nodejs") or self._options.sandbox == "off":
            return self._listener.url
        if configuration.arn not in self._use_https:
            self._use_https.add(configuration.arn)
            self._retire(configuration.arn)  # environments that are there have no such port
        return "https://localhost"

    def _flush(self, gateways: Gateways) -> None:
        gateways.take_in()
        self._logs.flush()

    def _quiet(self) -> bool:
        return not self._invoker.pool.busy and all(what.startswith(STACK_CHANGE) for what in self.activity.still_open())

    def _health(self, launcher: AvailableLauncher) -> Mapping[str, str]:
        return {
            "status": "ready",
            "account_id": self._options.account_id,
            "region": self._options.region,
            "endpoint_url": self._listener.url,
            "network": launcher.network_coverage,
        }


def _warm_up(account: Account, stop: threading.Event) -> None:
    """Builds the services that nearly every stack uses, and lets the collector forget the modules behind them.

    What was imported stays; going through it again and again stood still for 0.2 s each time.
    """
    all_provisioners()
    account.warm_up(_USUAL_SERVICES, stop)
    gc.freeze()
