"""The doors of GraphQL APIs, with what they work with, and AppSync's own API before them."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from lambdakit.clock import Scheduler
from lambdakit.harness.access import Access
from lambdakit.harness.account import Account
from lambdakit.harness.activity import Activity
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.invocation.workers import Workers
from lambdakit.harness.routing.access_log import WriteLine
from lambdakit.harness.routing.authorizers.key_sets import KeySets
from lambdakit.harness.routing.function_calls import FunctionCalls
from lambdakit.harness.routing.graphql.api_record import ApiRecord
from lambdakit.harness.routing.graphql.api_store import ApiStore
from lambdakit.harness.routing.outgoing_http import Bound
from lambdakit.harness.wire import Request, Response
from lambdakit.trace import TraceLog

if TYPE_CHECKING:
    from lambdakit.harness.routing.graphql.appsync_api.api import AppSyncApi
    from lambdakit.harness.routing.graphql.authorization.admission import Admission
    from lambdakit.harness.routing.graphql.evaluations import Evaluations
    from lambdakit.harness.routing.graphql.graphql_api import GraphqlApi
    from lambdakit.harness.routing.graphql.realtime.realtime_api import RealtimeApi
    from lambdakit.harness.routing.graphql.sources.aws_calls import AwsCalls

SERVICE: Final = "appsync"
PRINCIPAL: Final = "appsync.amazonaws.com"
SESSION: Final = "APPSYNC_ASSUME_ROLE"
# Messages of subscribers that are being handled at one moment, of all APIs.
_MESSAGES_MAX: Final = 100


class GraphqlDoors:
    """Opens and closes the doors of GraphQL APIs, as AppSync's API makes and deletes them.

    calls: of functions, by AppSync. ask: the AWS APIs, with a request and who makes it. Nothing of GraphQL is loaded
    before the first call of AppSync's API, which no harness waits for when it starts.
    """

    def __init__(
        self,
        *,
        doors: FrontDoors,
        calls: FunctionCalls,
        access: Access,
        key_sets: KeySets,
        bound: Bound,
        ask: Callable[[Request, Principal], Response],
        write_line: WriteLine,
        trace: TraceLog,
        activity: Activity,
        clock: Scheduler,
        region: str,
    ) -> None:
        self._doors = doors
        self._calls = calls
        self._access = access
        self._key_sets = key_sets
        self._bound = bound
        self._ask = ask
        self._write_line = write_line
        self._trace = trace
        self._activity = activity
        self._clock = clock
        self._region = region
        self._store = ApiStore()
        self._store.opened, self._store.closed = self._open, self._close
        self._store.domain_opened, self._store.domain_closed = self._open_domain, self._doors.close_door
        self._apis: dict[str, GraphqlApi] = {}
        self._workers = Workers("subscriber", most=_MESSAGES_MAX)
        self._making = threading.RLock()  # of what several first requests would make at once

    def stand_before(self, account: Account) -> None:
        """Has AppSync's API ask here first."""
        account.stand_before(SERVICE, self._serve)

    def take_in(self) -> None:
        """Handles what subscribers have sent so far: after it, all of that is done or under way."""
        for api in list(self._apis.values()):
            api.take_in()

    def stop(self) -> None:
        """Ends what works out handlers: requests that wait for it are over soon. Idempotent."""
        with self._making:
            if "_evaluations_made" in self.__dict__:
                self._evaluations_made.close()

    def join(self) -> None:
        """Waits for what was under way."""
        self._workers.stop()
        self._workers.join()
        self._calls.join()
        self.stop()

    def _serve(self, request: Request, account_id: str, pass_on: Callable[[Request], Response]) -> Response:
        with self._making:
            service = self._service
        return service.serve(request, account_id, pass_on)

    @functools.cached_property
    def _service(self) -> AppSyncApi:
        from lambdakit.harness.routing.graphql.appsync_api.api import AppSyncApi
        from lambdakit.harness.routing.graphql.appsync_api.evaluation import evaluated
        from lambdakit.harness.routing.graphql.appsync_api.faults import code_refused

        def evaluate(operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
            return evaluated(self._evaluations, operation, given)

        def check(code: str) -> None:
            problems = self._evaluations.problems(code)
            if problems:
                raise code_refused(problems)

        return AppSyncApi(self._store, region=self._region, now=self._clock.now, evaluate=evaluate, check=check)

    @property
    def _evaluations(self) -> Evaluations:
        with self._making:
            return self._evaluations_made

    @functools.cached_property
    def _evaluations_made(self) -> Evaluations:
        from lambdakit.harness.routing.graphql.evaluations import Evaluations

        return Evaluations(self._clock.now)

    @functools.cached_property
    def _aws(self) -> AwsCalls:
        from lambdakit.harness.routing.graphql.sources.aws_calls import AwsCalls

        guard = self._access.guard

        def assumption_refusal(role_arn: str, api_arn: str) -> str | None:
            return None if guard is None else guard.assumption_refusal(PRINCIPAL, role_arn, source_arn=api_arn)

        def sign_in(role_arn: str) -> tuple[str, str, str]:
            credentials = self._access.sign_in(role_arn, SESSION)
            return credentials.access_key_id, credentials.secret_access_key, credentials.session_token

        return AwsCalls(
            ask=self._ask,
            session=lambda role_arn: self._access.execution_role(role_arn, SESSION),
            assumption_refusal=assumption_refusal,
            sign_in=sign_in,
        )

    def _open(self, record: ApiRecord) -> None:
        api = self._api(record)
        self._apis[record.api_id] = api
        self._doors.open(record.host, api.serve, also_called=record.arn, reset=api.reset)

    def _close(self, record: ApiRecord) -> None:
        self._apis.pop(record.api_id, None)
        self._doors.close_door(record.host)

    def _open_domain(self, name: str) -> None:
        def serve(request: Request, environment: str = "") -> Response:
            domain = self._store.domain(name)
            api = None if domain is None else self._apis.get(str(domain["apiId"]))
            if api is None:
                return Response(status=404, headers=[("Content-Type", "application/json")], body=_LEADS_NOWHERE)
            return api.serve(request, environment, domain_name=name)

        self._doors.open(name, serve)

    def _api(self, record: ApiRecord) -> GraphqlApi:
        from lambdakit.harness.routing.graphql.authorization.admission import Admission
        from lambdakit.harness.routing.graphql.authorization.lambda_authorization import LambdaAuthorization
        from lambdakit.harness.routing.graphql.definition import kept_definition
        from lambdakit.harness.routing.graphql.graphql_api import Backends, GraphqlApi
        from lambdakit.harness.routing.graphql.sources.functions import Functions
        from lambdakit.harness.routing.graphql.sources.http_endpoint import HttpEndpoints

        doors, access = self._doors, self._access
        admission = Admission(
            callers=access,
            functions=LambdaAuthorization(self._calls.call, lambda: self._clock.now().timestamp()),
            key_sets=self._key_sets,
            now=self._clock.now,
            real_now=time.time,
        )
        return GraphqlApi(
            definition=kept_definition(lambda: self._store.find(record.api_id)),
            admission=admission,
            backends=Backends(
                evaluation=self._evaluations,
                functions=Functions(self._calls, self._aws),
                aws=self._aws,
                http=HttpEndpoints(
                    self._aws,
                    localize=doors.localize_url,
                    bound=self._bound,
                    endpoint_url=lambda: doors.endpoint_url,
                ),
                refusal=lambda principal, action, arn: access.action_refusal(principal, action, arn, {}),
                log_refusal=lambda role, arn: access.role_refusal(role, SESSION, "logs:PutLogEvents", arn),
                write_line=self._write_line,
            ),
            realtime=lambda api: self._realtime(record, admission, api),
            trace=self._trace,
            clock=self._clock,
        )

    def _realtime(self, record: ApiRecord, admission: Admission, api: GraphqlApi) -> RealtimeApi:
        # With the library for frames and handshakes, which a harness without subscribers does without.
        from lambdakit.harness.routing.graphql.definition import kept_definition
        from lambdakit.harness.routing.graphql.realtime.realtime_api import RealtimeApi

        return RealtimeApi(
            definition=kept_definition(lambda: self._store.find(record.api_id)),
            admission=admission,
            execute=api.execute,
            activity=self._activity,
            submit=self._workers.submit,
            trace=self._trace,
            clock=self._clock,
        )


_LEADS_NOWHERE: Final = b'{"errors":[{"errorType":"NotFoundException","message":"the domain leads to no API"}]}'
