"""What is served behind front doors: APIs of all kinds, custom domains and function URLs, with what they work with.

A door of an API or a domain is opened by its provisioner. Those of function URLs follow the Lambda service, whoever
makes, changes or deletes a URL there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from lambdakit.clock import Scheduler
from lambdakit.harness.access import Access
from lambdakit.harness.activity import Activity
from lambdakit.harness.content_doors import ContentDoors
from lambdakit.harness.deployment.load_balancer_doors import LoadBalancerDoors
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.graphql_doors import PRINCIPAL as APPSYNC
from lambdakit.harness.graphql_doors import SESSION as APPSYNC_SESSION
from lambdakit.harness.graphql_doors import GraphqlDoors
from lambdakit.harness.iam.principal import ANONYMOUS, Principal
from lambdakit.harness.invocation.workers import Workers
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.lambda_service.store import FunctionStore
from lambdakit.harness.moto_state.http_apis import ApiMapping, find_http_api, kept_http_api, read_api_mappings
from lambdakit.harness.moto_state.load_balancers import LoadBalancer, LoadBalancers
from lambdakit.harness.moto_state.rest_apis import read_base_paths
from lambdakit.harness.network.bindings import Bindings
from lambdakit.harness.network.guard import NetworkGuard
from lambdakit.harness.rest_doors import RestDoors
from lambdakit.harness.routing.access_log import WriteLine
from lambdakit.harness.routing.authorizers.authorize import Authorizers
from lambdakit.harness.routing.authorizers.key_sets import KeySets
from lambdakit.harness.routing.authorizers.lambda_authorizer import LambdaAuthorizers
from lambdakit.harness.routing.custom_domain import CustomDomain, MappedApi
from lambdakit.harness.routing.function_calls import FunctionCalls
from lambdakit.harness.routing.function_url import FunctionUrlDoor
from lambdakit.harness.routing.http_api import HttpApi
from lambdakit.harness.routing.http_proxy import HttpProxy
from lambdakit.harness.routing.integrations import Integrate
from lambdakit.harness.routing.lambda_integration import LambdaIntegration
from lambdakit.harness.routing.load_balancer.bound_target import Bound
from lambdakit.harness.routing.load_balancer.health_checks import HealthChecks
from lambdakit.harness.routing.load_balancer.lambda_target import LambdaTarget
from lambdakit.harness.routing.load_balancer.load_balancer import ListenerDoor
from lambdakit.harness.routing.rest.aws_integration import AwsIntegration
from lambdakit.harness.routing.rest.integrations import RestIntegrations
from lambdakit.harness.routing.rest.stage_settings import MetricStore
from lambdakit.harness.routing.service_integrations import ServiceIntegration
from lambdakit.harness.socket_doors import SocketDoors
from lambdakit.harness.wire import Request, Response
from lambdakit.trace import TraceLog

_API_GATEWAY: Final = "apigateway.amazonaws.com"
_SESSION: Final = "BackplaneAssumeRoleSession"
_LOAD_BALANCING: Final = "elasticloadbalancing.amazonaws.com"
_CHECKS_MAX: Final = 16


class Gateways:
    """Opens and closes doors. Close it before the invocations are joined, and join it after.

    clients: of a role. write_line: takes a line of an access log. bindings: the servers that tests named.
    ask: the AWS APIs of the harness, with a request and who makes it. region: of requests that name none.
    graphql: what AppSync's API makes. trials: of methods and authorizers of REST APIs.
    """

    def __init__(
        self,
        *,
        doors: FrontDoors,
        stores: FunctionStores,
        invocations: Invocations,
        access: Access,
        clients: Callable[..., Any],
        write_line: WriteLine,
        metrics: MetricStore,
        trace: TraceLog,
        clock: Scheduler,
        bindings: Bindings,
        activity: Activity,
        network: NetworkGuard,
        ask: Callable[[Request, Principal], Response],
        region: str,
    ) -> None:
        self._doors = doors
        self._stores = stores
        self._invocations = invocations
        self._access = access
        self._write_line = write_line
        self._trace = trace
        self._clock = clock
        self._calls = FunctionCalls(stores=stores, invocations=invocations, permissions=access)
        self._key_sets = KeySets(clock.monotonic)
        self._apis: dict[str, MappedApi] = {}
        proxy = HttpProxy(doors.localize_url, bindings.targets, lambda: doors.endpoint_url)
        self._integrations: dict[str, Integrate] = {
            "AWS_PROXY": LambdaIntegration(self._calls.call),
            "AWS": ServiceIntegration(clients, self._assumption_refusal),
            "HTTP_PROXY": proxy,
        }
        self._rest = RestDoors(
            calls=self._calls,
            integrations=RestIntegrations(
                calls=self._calls,
                ask=lambda request, role_arn: ask(request, self._acting(role_arn)),
                assumption_refusal=self._assumption_refusal,
                localize=doors.localize_url,
                bound=bindings.targets,
                endpoint_url=lambda: doors.endpoint_url,
            ),
            access=access,
            key_sets=self._key_sets,
            write_line=write_line,
            metrics=metrics,
            trace=trace,
            clock=clock,
        )
        self.trials = self._rest.trials().serve
        self._sockets = SocketDoors(
            calls=self._calls,
            access=access,
            network=network,
            proxy=proxy,
            services=AwsIntegration(
                lambda request, role_arn: ask(request, self._acting(role_arn)), self._assumption_refusal, self._calls
            ),
            write_line=write_line,
            metrics=metrics,
            trace=trace,
            activity=activity,
            clock=clock,
        )
        self.graphql = GraphqlDoors(
            doors=doors,
            calls=FunctionCalls(
                stores=stores, invocations=invocations, permissions=access, service=APPSYNC, session=APPSYNC_SESSION
            ),
            access=access,
            key_sets=self._key_sets,
            bound=bindings.targets,
            ask=ask,
            write_line=write_line,
            trace=trace,
            activity=activity,
            clock=clock,
            region=region,
        )
        self._checkers = Workers("health-check", most=_CHECKS_MAX)
        self._balancer_calls = FunctionCalls(
            stores=stores, invocations=invocations, permissions=access, service=_LOAD_BALANCING
        )
        self.load_balancers = self._load_balancers(bindings.targets, metrics, activity)
        self.content = ContentDoors(
            doors=doors,
            access=access,
            ask=ask,
            bound=bindings.targets,
            calls=self._calls,
            stores=stores,
            invocations=invocations,
            write_line=write_line,
            trace=trace,
            clock=clock,
        )
        bindings.served = lambda: {**self.load_balancers.addresses(), **self.content.addresses()}
        stores.each(self._follow)
        doors.open_unknown = self._open_unknown

    def open_http_api(self, api_id: str, region: str, account_id: str) -> None:
        """Serves an HTTP API."""
        api = HttpApi(
            api_id=api_id,
            account_id=account_id,
            region=region,
            definition=kept_http_api(account_id, region, api_id),
            authorizers=Authorizers(
                callers=self._access,
                functions=LambdaAuthorizers(self._calls.call, self._clock),
                key_sets=self._key_sets,
                now=time.time,
            ),
            integrations=self._integrations,
            write_line=self._write_line,
            trace=self._trace,
            clock=self._clock,
        )
        self._apis[api_id] = api.serve
        self._doors.open(api_id, api.serve, reset=api.reset)

    def open_rest_api(self, api_id: str, region: str, account_id: str) -> None:
        """Serves a REST API."""
        api = self._rest.api(api_id, region, account_id)
        self._apis[api_id] = api.serve
        self._doors.open(api_id, api.serve, reset=api.reset)

    def open_websocket_api(self, api_id: str, region: str, account_id: str) -> None:
        """Serves a WebSocket API."""
        api = self._sockets.api(api_id, region, account_id)
        self._apis[api_id] = api.serve
        self._doors.open(api_id, api.serve, reset=api.reset)

    def take_in(self) -> None:
        """Handles what clients have sent by WebSocket so far: after it, all of that is done or under way."""
        self._sockets.take_in()
        self.graphql.take_in()

    def open_domain(self, name: str, region: str, account_id: str) -> None:
        """Serves a custom domain, which APIs of both kinds may be mapped to."""

        def mappings() -> list[ApiMapping]:
            both = [*read_api_mappings(account_id, region, name), *read_base_paths(account_id, region, name)]
            return sorted(both, key=lambda mapping: -len(mapping.key))

        self._doors.open(name, CustomDomain(name, mappings, self._open_api).serve)

    def join(self) -> None:
        """Waits for what was under way."""
        self._calls.join()
        self._balancer_calls.join()
        self.graphql.join()
        self.content.close()
        self._sockets.join()
        self._checkers.stop()
        self._checkers.join()

    def _load_balancers(self, bound: Bound, metrics: MetricStore, activity: Activity) -> LoadBalancerDoors:
        balancers, target = LoadBalancers(), LambdaTarget(self._balancer_calls.call)

        def door(port: int, balancer: Callable[[], LoadBalancer | None]) -> ListenerDoor:
            return ListenerDoor(
                port=port,
                balancer=balancer,
                functions=target,
                bound=bound,
                metrics=metrics,
                localize=lambda url: str(self._doors.localize(url)),
                trace=self._trace,
                clock=self._clock,
            )

        checks = HealthChecks(
            group=balancers.group,
            ask=target.health,
            clock=self._clock,
            activity=activity,
            submit=self._checkers.submit,
            trace=self._trace,
        )
        return LoadBalancerDoors(self._doors, balancers, door, checks=checks)

    def _open_unknown(self, api_id: str) -> None:
        """Serves an API that was made through API Gateway's own API, once somebody asks for it."""
        place = find_http_api(api_id)
        if place is not None:
            account_id, region = place
            self.open_http_api(api_id, region, account_id)
        else:
            self._rest.open_unknown(api_id, self.open_rest_api)
            self._sockets.open_unknown(api_id, self.open_websocket_api)

    def _open_api(self, api_id: str) -> MappedApi | None:
        return self._apis.get(api_id) if self._doors.handler(api_id) is not None else None

    def _follow(self, store: FunctionStore) -> None:
        store.urls.watch(lambda url_id: self._url_changed(store, url_id))

    def _url_changed(self, store: FunctionStore, url_id: str) -> None:
        url = store.urls.by_id(url_id)
        if url is None:
            self._doors.close_door(url_id)
        elif self._doors.handler(url_id) is None:
            door = FunctionUrlDoor(
                url=lambda: store.urls.by_id(url_id),
                stores=self._stores,
                invocations=self._invocations,
                callers=self._access,
                trace=self._trace,
                clock=self._clock,
            )
            self._doors.open_once(url_id, door.serve, also_called=url.target_arn)

    def _acting(self, role_arn: str) -> Principal:
        return self._access.execution_role(role_arn, _SESSION) if role_arn else ANONYMOUS

    def _assumption_refusal(self, role_arn: str) -> str | None:
        guard = self._access.guard
        return None if guard is None else guard.assumption_refusal(_API_GATEWAY, role_arn, source_arn="")
