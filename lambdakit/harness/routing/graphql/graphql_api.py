"""A GraphQL API's front door: an operation in, its fields resolved, the answer out.

    request -> who asks (authorization) -> operation (parsed, checked, within the limits) -> fields (execution), each by
      its resolver -> data sources, as their roles -> {"data", "errors"}

Source: AppSync Developer Guide, "Introduction to AWS AppSync", "Resolvers", "Configuring authorization and
authentication to secure your GraphQL APIs".
"""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from lambdakit.clock import Clock
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.routing.access_log import WriteLine
from lambdakit.harness.routing.graphql.api_log import RequestLog
from lambdakit.harness.routing.graphql.authorization.admission import Admission, Credentials
from lambdakit.harness.routing.graphql.authorization.authorized import Authorized
from lambdakit.harness.routing.graphql.authorization.permitted import Permitted
from lambdakit.harness.routing.graphql.definition import GraphqlDefinition
from lambdakit.harness.routing.graphql.errors import Body, RequestRefused, answer, malformed
from lambdakit.harness.routing.graphql.execution.operation import (
    Asked,
    Operation,
    OperationRefused,
    read_asked,
    read_operation,
)
from lambdakit.harness.routing.graphql.execution.resolving import Evaluation, Resolving
from lambdakit.harness.routing.graphql.execution.run import run
from lambdakit.harness.routing.graphql.execution.visit import Visit
from lambdakit.harness.routing.graphql.schema.built import BuiltSchema, built_schema
from lambdakit.harness.routing.graphql.sources.asking import Asking
from lambdakit.harness.routing.graphql.sources.aws_calls import AwsCalls
from lambdakit.harness.routing.graphql.sources.functions import Functions
from lambdakit.harness.routing.graphql.sources.http_endpoint import HttpEndpoints
from lambdakit.harness.routing.traced_request import with_trace_id
from lambdakit.harness.wire import Request, Response
from lambdakit.records import dataclass
from lambdakit.trace import RequestAnswered, RequestReceived, TraceLog

if TYPE_CHECKING:
    from lambdakit.harness.routing.graphql.realtime.realtime_api import RealtimeApi

DOOR: Final = "graphql_api"
_PATH: Final = "/graphql"
_THREADS_MAX: Final = 64
# What browsers ask before they send; AppSync lets every origin in. No page lists the headers.
_CORS: Final = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amz-user-agent,x-amzn-ErrorMessage,Date"),
)
_PREFLIGHT: Final = (
    *_CORS,
    ("access-control-allow-methods", "POST, OPTIONS"),
    ("access-control-allow-headers", "*, authorization"),
    ("access-control-max-age", "172800"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """What the APIs have in common. refusal: why a principal may not do something to a resource.

    log_refusal: why a role may not write to a log.
    """

    evaluation: Evaluation
    functions: Functions
    aws: AwsCalls
    http: HttpEndpoints
    refusal: Callable[[Principal, str, str], str | None]
    log_refusal: Callable[[str, str], str | None]
    write_line: WriteLine


class GraphqlApi:
    """Serves one GraphQL API. definition: the API as it is now; None once it is deleted.

    realtime: makes what serves its subscribers, once the first connects.
    """

    def __init__(
        self,
        *,
        definition: Callable[[], GraphqlDefinition | None],
        admission: Admission,
        backends: Backends,
        realtime: Callable[[GraphqlApi], RealtimeApi],
        trace: TraceLog,
        clock: Clock,
    ) -> None:
        self._definition = definition
        self._admission = admission
        self._backends = backends
        self._make_realtime = realtime
        self._made_realtime: RealtimeApi | None = None
        self._lock = threading.Lock()
        self._trace = trace
        self._clock = clock

    def serve(self, request: Request, environment: str = "", *, domain_name: str | None = None) -> Response:
        """The API's answer, whatever the request.

        environment: the execution environment that it comes from; empty for others. domain_name: the custom domain that
        led here; None for the API's own names.
        """
        if request.headers.get("upgrade").lower() == "websocket":
            return self._realtime.connect(request, environment)
        started = self._clock.monotonic()
        definition = self._definition()
        name = "" if definition is None else definition.name
        request_id, method, path = str(uuid.uuid4()), request.method, request.path
        self._trace.append(
            RequestReceived(request_id=request_id, door=DOOR, resource=name, method=method, path=request.target)
        )
        problem = ""
        headers: list[tuple[str, str]] = []
        try:
            if method == "OPTIONS":
                response = Response(status=200, headers=[*_PREFLIGHT])
            else:
                response, headers = self._answered(definition, request, environment, domain_name, request_id)
        except RequestRefused as refused:
            response, problem = refused.response(), str(refused)
        except OperationRefused as refused_operation:
            response = answer({"data": None, "errors": refused_operation.errors})
            problem = str(refused_operation)
        duration_ms = (self._clock.monotonic() - started) * 1000
        self._trace.append(
            RequestAnswered(
                request_id=request_id,
                door=DOOR,
                resource=name,
                method=method,
                path=path,
                status=response.status,
                duration_ms=duration_ms,
                problem=problem,
            )
        )
        added = [*headers, ("x-amzn-requestid", request_id)]
        if method != "OPTIONS":
            added += _CORS
        return dataclasses.replace(response, headers=[*response.headers, *added])

    def reset(self) -> None:
        """Forgets what functions said of who asks, and ends the connections of subscribers."""
        self._admission.reset()
        if self._made_realtime is not None:
            self._made_realtime.reset()

    def take_in(self) -> None:
        """Handles what subscribers have sent so far."""
        if self._made_realtime is not None:
            self._made_realtime.take_in()

    def execute(
        self,
        definition: GraphqlDefinition,
        operation: Operation,
        authorized: Authorized,
        *,
        request_id: str,
        headers: Mapping[str, str],
        domain_name: str | None = None,
        log: RequestLog | None = None,
        root: Any = None,
    ) -> tuple[Body, Visit]:
        """What an operation gives, and what was noted on the way.

        log: absence: the request has one of its own. root: what the fields of the root find as their source.
        """
        built, backends = built_schema(definition.schema_text), self._backends
        visit = Visit(
            definition=definition,
            built=built,
            operation=operation,
            variables=operation.asked.variables,
            authorized=authorized,
            request_id=request_id,
            trace_id=headers.get("x-amzn-trace-id", ""),
            headers=headers,
            domain_name=domain_name,
            notes=log or self._log(definition, request_id),
            now=self._clock.now,
        )
        permitted = Permitted(definition, built.access, authorized, refusal=backends.refusal, roots=_roots(built))
        with ThreadPoolExecutor(_THREADS_MAX, thread_name_prefix="graphql-source") as executor:
            asking = Asking(
                visit, executor=executor, functions=backends.functions, aws=backends.aws, http=backends.http
            )
            try:
                body = run(visit, Resolving(visit, backends.evaluation, asking), permitted, root)
            except RecursionError:  # of variables, or of what resolvers gave
                raise malformed("The query is nested too deeply.") from None
        return body, visit

    def _log(self, definition: GraphqlDefinition, request_id: str) -> RequestLog:
        """The lines of a request."""
        return RequestLog(
            self._backends.write_line,
            definition,
            request_id,
            now=self._clock.now,
            may=self._backends.log_refusal,
        )

    def _answered(
        self,
        definition: GraphqlDefinition | None,
        request: Request,
        environment: str,
        domain_name: str | None,
        request_id: str,
    ) -> tuple[Response, list[tuple[str, str]]]:
        if definition is None or request.path.rstrip("/") != _PATH:
            raise RequestRefused(404, "NotFoundException", f"there is no {request.path} here: {_PATH} is the path")
        if request.method != "POST":
            raise RequestRefused(405, "MethodNotAllowedException", f"{request.method} is not allowed: POST is")
        started = self._clock.monotonic()
        asked = read_asked(request)
        headers = header_object(with_trace_id(request, self._clock.now()))
        authorized = self._admission.admit(definition, credentials(request, environment, headers), asked, request_id)
        log = self._log(definition, request_id)
        log.begin(asked, headers)
        errors, status = 0, 200
        try:
            operation = self._operation(definition, asked)
            body, visit = self.execute(
                definition,
                operation,
                authorized,
                request_id=request_id,
                headers=headers,
                domain_name=domain_name,
                log=log,
            )
            errors = len(body.get("errors", ()))
        except OperationRefused as refused:
            errors = len(refused.errors)
            raise
        except RequestRefused as refused:
            status = refused.status
            raise
        finally:
            log.end(errors, (self._clock.monotonic() - started) * 1000, status)
        realtime = self._made_realtime  # without it there is nobody to tell
        if operation.kind == "mutation" and realtime is not None:
            realtime.publish(definition, operation, body)
            for invalidation in visit.invalidations:
                realtime.invalidate(invalidation)
        return answer(body), visit.response_headers

    @property
    def _realtime(self) -> RealtimeApi:
        with self._lock:
            if self._made_realtime is None:
                self._made_realtime = self._make_realtime(self)
            return self._made_realtime

    def _operation(self, definition: GraphqlDefinition, asked: Asked) -> Operation:
        operation = operation_of(definition, asked)
        if operation.kind == "subscription":
            raise malformed("Subscriptions are asked for over a WebSocket, at the API's real-time endpoint.")
        return operation


def operation_of(definition: GraphqlDefinition, asked: Asked) -> Operation:
    """The operation that is asked for. OperationRefused; RequestRefused for an API without a schema."""
    if not definition.schema_text:
        raise RequestRefused(400, "GraphQLSchemaException", "The API has no schema.")
    return read_operation(
        asked,
        built_schema(definition.schema_text),
        introspects=definition.introspects,
        depth_max=definition.depth_max,
    )


def credentials(request: Request, environment: str, headers: Mapping[str, str]) -> Credentials:
    """What a request shows of its sender."""
    return Credentials(
        authorization=request.headers.get("authorization"),
        api_key=request.headers.get("x-api-key"),
        headers=headers,
        signed=request,
        source_ip=request.peer[0],
        environment=environment,
    )


def header_object(request: Request) -> dict[str, str]:
    """The headers as resolvers see them: names in lower case, and where the request came from."""
    found: dict[str, str] = {}
    for name, value in request.headers.items:
        lower = name.lower()
        found[lower] = f"{found[lower]},{value}" if lower in found else value
    found.setdefault("x-forwarded-for", request.peer[0])
    found.setdefault("x-forwarded-proto", "https")
    found.setdefault("x-forwarded-port", "443")
    return found


def _roots(built: BuiltSchema) -> frozenset[str]:
    types = (built.schema.query_type, built.schema.mutation_type, built.schema.subscription_type)
    return frozenset(kind.name for kind in types if kind is not None)
