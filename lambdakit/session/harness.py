"""`lambdakit.Harness`: an emulated account in a process of its own, and the one object a caller uses it through."""

from __future__ import annotations

import functools
import os
import secrets
import threading
import warnings
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self

from lambdakit.errors import DeploymentError, Diagnostic, HarnessError
from lambdakit.session.aws_clients import AwsClients
from lambdakit.session.control_api import ControlApi
from lambdakit.session.deployment import Deployment, DeploymentRequest, deploy
from lambdakit.session.functions import ADMINISTRATOR_KEY_ID, ADMINISTRATOR_SECRET
from lambdakit.session.harness_process import HARNESS_COMMAND, HarnessProcess
from lambdakit.session.installation import require_harness_packages
from lambdakit.session.options import EnforceIam, EnforceNetwork, HarnessOptions, Sandbox, Unsupported
from lambdakit.session.preparation import prepare_runtimes
from lambdakit.session.reuse import ReusedDeployments
from lambdakit.session.sent_records import mapping_name, records_to_wire
from lambdakit.session.sources import AssemblySources
from lambdakit.session.trace_view import TraceView
from lambdakit.session.waiting import RemoteClock, ScheduledWork, drain

_DRAIN_SECONDS: Final = 30.0


class Harness:
    """An emulated AWS account that really runs what is deployed into it.

    Starts with the `with` block, or with `start()`; ends with the block, with `close()`, or with the interpreter.
    Any number of harnesses may live side by side, with one account id or several. Nothing the caller does to its own
    process (mocks, frozen time, changed variables) reaches a harness.

    account_id: 12 digits. region: where everything is deployed.
    enforce_iam: "on" refuses what the roles and resource policies do not allow; "strict" also calls of which it is not
    known what they need; "off" refuses nothing.
    enforce_network: "on" lets a function in a VPC reach what its subnets, routes, endpoints and security groups let it
    reach; "off" lets it reach everything that the harness has.
    sandbox: "off" leaves out the namespaces around the functions even where the machine has them.
    unsupported: "warn" deploys without what the harness does not know, and records it in the trace.
    port: where the endpoint listens; absence takes any free port.
    seed: of the draws by which an alias with weights chooses a version; the same one gives the same choices.
    """

    def __init__(
        self,
        *,
        account_id: str = "123456789012",
        region: str = "us-east-1",
        enforce_iam: EnforceIam = "on",
        enforce_network: EnforceNetwork = "on",
        sandbox: Sandbox = "auto",
        unsupported: Unsupported = "error",
        port: int | None = None,
        seed: int = 0,
        _command: Sequence[str] = HARNESS_COMMAND,
    ) -> None:
        options = HarnessOptions(
            account_id=account_id,
            region=region,
            enforce_iam=enforce_iam,
            enforce_network=enforce_network,
            sandbox=sandbox,
            unsupported=unsupported,
            port=port,
            seed=seed,
        )
        options.check()
        self._options = options
        self._command = _command
        self._resources = ExitStack()
        # Runs once: at close(), when the object is forgotten, or at the interpreter's exit.
        self._close = weakref.finalize(self, self._resources.close)
        self._control: ControlApi | None = None
        self._deployments: list[Deployment] = []
        self._deployments_lock = threading.Lock()
        self._reused = ReusedDeployments()
        self._sources = AssemblySources(account_id=account_id, region=region, resources=self._resources)
        self._clients = AwsClients(region=region)
        self._resources.callback(self._clients.close)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> Self:
        """Starts the harness's process without waiting for it, and returns the harness. Harmless when repeated.

        A fixed port is waited for, so that a port in use is an error here and not at the first use.
        """
        if not self._close.alive:
            raise HarnessError(Diagnostic(problem="the harness is closed", code="LK541", hint="make a new Harness()"))
        if self._control is not None:
            return self
        require_harness_packages()
        try:
            token = secrets.token_hex(16)
            process = HarnessProcess(self._options.to_wire(token=token), command=self._command)
            self._resources.callback(process.close)
            self._control = ControlApi(process, token=token)
            self._trace = TraceView(self._control)
            self._resources.callback(self._control.close)
            if self._options.port:
                self._control.port()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Ends the harness and everything it runs. Harmless when repeated."""
        self._close()

    @property
    def account_id(self) -> str:
        """The emulated account."""
        return self._options.account_id

    @property
    def region(self) -> str:
        """The region that everything is deployed to."""
        return self._options.region

    @property
    def endpoint_url(self) -> str:
        """The one endpoint of every AWS API, for any SDK."""
        return f"http://127.0.0.1:{self._started().port()}"

    @property
    def environment(self) -> dict[str, str]:
        """What another process needs in its environment so that its AWS SDK or CLI talks to the harness.

        `AWS_PROFILE` and `AWS_SESSION_TOKEN` must not be set beside it.
        """
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": ADMINISTRATOR_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": ADMINISTRATOR_SECRET,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # no name resolves to sync-127.0.0.1
        }

    @property
    def trace(self) -> TraceView:
        """What happened, in order."""
        self._started()
        return self._trace

    @property
    def clock(self) -> RemoteClock:
        """The harness's clock, to be moved forward."""
        return RemoteClock(self._started(), self._trace)

    def deploy(
        self, source: object, *, stacks: Sequence[str] | None = None, parameters: Mapping[str, str] | None = None
    ) -> Deployment:
        """The source, running.

        source: a document's path, a cloud assembly directory, a CDK project directory, or an App, Stage or Stack.
        stacks: the names of those to deploy; absence deploys all of them (of a Stack object: that one; of a document:
        its own, not those of its environments, whose names end in -<environment>).
        parameters: of the templates, by name; absence leaves each at its default.
        SourceError, DocumentError, SynthesisError or DeploymentError say what is wrong; nothing is left deployed then.
        """
        control = self._started()
        prepare_runtimes(source, control)
        request = DeploymentRequest(source=source, stacks=stacks, parameters=parameters)
        make = functools.partial(deploy, request, control=control, trace=self._trace, sources=self._sources)
        try:
            deployment = make()
        except DeploymentError as error:
            if not self._reused.make_room(error):
                raise
            deployment = make()
        with self._deployments_lock:
            self._deployments = [*self.deployments, deployment]
        return deployment

    @property
    def reused(self) -> ReusedDeployments:
        """Those that tests share through the pytest fixture `deploy`; idle ones give way to stacks of the same name."""
        return self._reused

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """What is deployed now, in the order in which it was."""
        return tuple(deployment for deployment in self._deployments if deployment.status != "DESTROYED")

    def client(
        self,
        service: str,
        *,
        role_arn: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        **arguments: Any,
    ) -> Any:
        """A boto3 client; the harness closes it.

        role_arn: acts in a session of that role, whoever the role trusts; HarnessError when there is none. Absence: as
        the account's administrator, whom nothing refuses.
        region: absence takes the harness's.
        endpoint_url: of a front door, for `apigatewaymanagementapi`: the URL of a WebSocket API's stage. Absence: the
        harness's own, where everything else is.
        """
        return self._clients.client(
            service,
            endpoint_url=self.endpoint_url,
            own_url=endpoint_url,
            role_arn=role_arn,
            region=region,
            **arguments,
        )

    def drain(self, *, timeout: float = _DRAIN_SECONDS, advance: bool = False) -> tuple[ScheduledWork, ...]:
        """What is scheduled for later, once all that can happen without moving the clock has happened.

        timeout: seconds. advance: also moves the clock until only recurring schedules remain.
        DrainTimeout, with the trace's tail, when events in flight do not come to rest in time.
        """
        return drain(self._started(), self._trace, timeout_seconds=timeout, advance=advance)

    def bind(self, resource: str, address: str) -> None:
        """Has the functions' connections to a database, cache or domain of a stack go to a server of this machine.

        They are made to the resource's own endpoint, and reach it only if the network lets them: subnets, routes and
        security groups. Again for another server. Environments that are there are replaced.
        resource: a logical id, a construct path or a unique part of either; or the name of a host.
        address: a URL such as `postgresql://127.0.0.1:5432/test`, or `127.0.0.1:5432`; only its host and port count.
        HarnessError for what is not deployed, and for a server anywhere but on this machine. A warning where functions
        run without a sandbox, as it changes nothing there.
        """
        self._outside({"bind": resource, "url": address})

    def allow_host(self, host: str) -> None:
        """Lets the functions out to a host on the internet, where their network has a path to it.

        host: a name, for ports 443 and 80, or `name:port`. A warning where functions run without a sandbox.
        """
        self._outside({"allow": host})

    def send_records(self, mapping: str, records: Sequence[object]) -> None:
        """Hands records to an event source mapping whose source runs nowhere: Kafka, Amazon MQ, DocumentDB.

        They are handled as the mapping is set, behind the caller's back: `drain` waits, the trace tells the outcome.
        mapping: its logical id or UUID, its source's ARN, or its function as `Deployment.function` takes it.
        records: dicts, all taken or none. Kafka: value, and key, topic, partition, headers, timestamp; Amazon MQ: data,
        and properties, queue, redelivered, messageId, timestamp; DocumentDB: a change event with its operationType. A
        text stands for itself, bytes for themselves, any other value for its JSON.
        HarnessError when no such mapping takes records, and for records of another form.
        """
        wire = {"mapping": mapping_name(mapping, self.deployments), "records": records_to_wire(records)}
        self._started().post("/_lambdakit/records", wire)

    def _outside(self, call: Mapping[str, object]) -> None:
        note = self._started().post("/_lambdakit/outside", call).get("note")
        if note:
            warnings.warn(str(note), RuntimeWarning, stacklevel=3)

    def _started(self) -> ControlApi:
        self.start()
        if self._control is None:
            raise RuntimeError("a started harness has no control API")
        return self._control
