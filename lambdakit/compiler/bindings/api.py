"""The document's API as the construct's settings."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from lambdakit.compiler.bindings.authorizers import authorizer
from lambdakit.compiler.bindings.cors import cors
from lambdakit.constructs.custom_domain import CustomDomain
from lambdakit.constructs.existing_load_balancer import ExistingListener, ExistingLoadBalancer
from lambdakit.constructs.function_url_api import FunctionUrlSettings
from lambdakit.constructs.http_api import Cors, Throttle
from lambdakit.constructs.load_balancer_api import LoadBalancerSettings
from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT
from lambdakit.constructs.rest_api import RestSettings, UsagePlan
from lambdakit.constructs.websocket_api import WebSocketSettings
from lambdakit.records import dataclass
from lambdakit.spec.api import FunctionUrlApi, HttpApi, LoadBalancerApi, RequestApi, RestApi, WebSocketApi

if TYPE_CHECKING:
    from lambdakit.compiler.bindings.scope import BindingScope
    from lambdakit.constructs.api_doors import ApiSettings
    from lambdakit.constructs.authorizers import Authorizer


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundApi:
    """What `ApiBackend` takes of its API. public: every route is, as nothing guards the API."""

    api: ApiSettings | None
    cors: Cors | None = None
    throttle: Throttle = field(default_factory=Throttle)
    log_retention: int = LOG_RETENTION_DAYS_DEFAULT
    authorizer: Authorizer | None = None
    domain: CustomDomain | None = None
    public: bool = False


def bound_api(scope: BindingScope, key: str, settings: RequestApi | WebSocketApi) -> BoundApi:
    """The API of the pattern called `key`."""
    match settings:
        case FunctionUrlApi():
            return BoundApi(
                api=FunctionUrlSettings(invoke_mode=settings.invoke_mode),
                cors=None if settings.cors is None else cors(settings.cors),
                public=settings.auth_type == "none",
            )
        case LoadBalancerApi(listener_arn=str() as arn, url=str() as url):
            return BoundApi(
                api=ExistingListener(
                    listener=arn, url=url, first_priority=settings.first_priority, hosts=settings.hosts
                )
            )
        case LoadBalancerApi(load_balancer_arn=str() as arn):
            return BoundApi(
                api=ExistingLoadBalancer(
                    load_balancer=arn,
                    url=settings.url,
                    certificate=settings.certificate_arn,
                    port=settings.port,
                )
            )
        case LoadBalancerApi():
            # Rules about the document see to it that there is one.
            assert scope.network is not None
            return BoundApi(
                api=LoadBalancerSettings(
                    network=scope.network,
                    certificate=settings.certificate_arn,
                    internet_facing=settings.internet_facing,
                    access_log=settings.access_log,
                    deletion_protection=settings.deletion_protection,
                )
            )
        case HttpApi() | RestApi() | WebSocketApi():
            return _gateway_api(scope, key, settings)


def _gateway_api(scope: BindingScope, key: str, settings: HttpApi | RestApi | WebSocketApi) -> BoundApi:
    written = None if isinstance(settings, WebSocketApi) else settings.cors
    return BoundApi(
        api=_settings(settings),
        cors=None if written is None else cors(written),
        throttle=Throttle(rate_limit=settings.throttle.rate_limit, burst_limit=settings.throttle.burst_limit),
        log_retention=settings.log_retention,
        authorizer=None if settings.authorizer is None else authorizer(scope, key, settings.authorizer),
        domain=None
        if settings.domain is None
        else CustomDomain(domain_name=settings.domain.domain_name, certificate=settings.domain.certificate_arn),
    )


def _settings(settings: HttpApi | RestApi | WebSocketApi) -> ApiSettings | None:
    match settings:
        case HttpApi():
            return None
        case WebSocketApi():
            return WebSocketSettings(
                route_selection_expression=settings.route_selection_expression,
                cloud_watch_role=settings.cloud_watch_role,
            )
        case RestApi():
            plan = settings.usage_plan
            return RestSettings(
                tracing=settings.tracing,
                request_validation=settings.request_validation,
                usage_plan=None
                if plan is None
                else UsagePlan(
                    rate_limit=plan.rate_limit,
                    burst_limit=plan.burst_limit,
                    quota=plan.quota,
                    quota_period=plan.quota_period,
                ),
                binary_media_types=settings.binary_media_types,
                minimum_compression_size=settings.minimum_compression_size,
                cloud_watch_role=settings.cloud_watch_role,
            )
