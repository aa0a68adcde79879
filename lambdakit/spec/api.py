"""The API in front of an API backend's routes, by its type."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, Tag

from lambdakit.spec.authorizers import HttpAuthorizer, RestAuthorizer, WebSocketAuthorizer
from lambdakit.spec.cors import Cors
from lambdakit.spec.function import RETENTION_DAYS_DEFAULT, Retention
from lambdakit.spec.kinds import by_type
from lambdakit.spec.model import Model
from lambdakit.spec.refusal import patterned_text, whole_number

_CORS: Final = "cross-origin requests"
_AUTHORIZER: Final = "who may call the routes; everybody when absent"
_DOMAIN: Final = "a name of your own for the API"
_THROTTLE: Final = "what the API takes before it answers 429"

Rate = Annotated[int, whole_number(minimum=1, what="requests per second")]
Burst = Annotated[int, whole_number(minimum=1, what="requests at once")]
Quota = Annotated[int, whole_number(minimum=1, what="requests of a quota")]
# Source: API apigateway CreateRestApi.minimumCompressionSize
CompressionSize = Annotated[
    int, whole_number(minimum=0, maximum=10_485_760, what="size from which answers are compressed", unit=" bytes")
]
DomainNameText = Annotated[
    str,
    patterned_text(
        r"^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
        allowed="a name of a domain in lower case such as api.example.com",
        longest=253,
        mend=str.lower,
    ),
]
CertificateArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$",
        allowed="an ARN of a certificate such as arn:aws:acm:eu-west-1:123456789012:certificate/…",
        longest=256,
    ),
]
MediaType = Annotated[
    str,
    patterned_text(
        r"^[A-Za-z0-9!#$&^_.+*-]+/[A-Za-z0-9!#$&^_.+*-]+$",
        allowed="a media type such as image/png",
        longest=256,
    ),
]
SelectionExpression = Annotated[
    str,
    patterned_text(
        r"^(\$request\.body\.[A-Za-z0-9_.-]+|\$\{request\.body\.[A-Za-z0-9_.-]+\})$",
        allowed="a part of a message such as $request.body.action",
        longest=256,
    ),
]


class Throttle(Model):
    """What an API takes, over all routes together."""

    rate_limit: Rate = Field(default=1000, description="requests per second, in the long run")
    burst_limit: Burst = Field(default=500, description="requests at once")


class Domain(Model):
    """A name of one's own."""

    domain_name: DomainNameText = Field(description="the name", examples=["api.example.com"])
    certificate_arn: CertificateArn = Field(
        description="certificate for the name, in the API's region",
        examples=["arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"],
    )


class UsagePlan(Model):
    """What the bearer of the API's key may use; requests then need the header x-api-key. quota: None, any number."""

    rate_limit: Rate = Field(default=100, description="requests per second, in the long run")
    burst_limit: Burst = Field(default=50, description="requests at once")
    quota: Quota | None = Field(default=None, description="requests per quota_period", examples=[10_000])
    quota_period: Literal["day", "week", "month"] = Field(default="month", description="time that the quota is for")


class _LoggedApi(Model):
    throttle: Throttle = Field(default_factory=Throttle, description=_THROTTLE)
    log_retention: Retention = Field(
        default=RETENTION_DAYS_DEFAULT,
        description="how long the record of requests is kept",
        examples=["90d"],
        json_schema_extra={"default": f"{RETENTION_DAYS_DEFAULT}d"},
    )
    domain: Domain | None = Field(default=None, description=_DOMAIN)


class HttpApi(_LoggedApi):
    """An HTTP API of API Gateway. cors: None when no other origin may call."""

    type: Literal["http"] = Field(default="http", description="an HTTP API of API Gateway")
    cors: Cors | None = Field(default=None, description=_CORS)
    authorizer: HttpAuthorizer | None = Field(default=None, description=_AUTHORIZER)


class RestApi(_LoggedApi):
    """A REST API of API Gateway, regional."""

    type: Literal["rest"] = Field(description="a REST API of API Gateway")
    cors: Cors | None = Field(default=None, description=_CORS)
    authorizer: RestAuthorizer | None = Field(default=None, description=_AUTHORIZER)
    tracing: bool = Field(default=True, description="whether X-Ray traces requests")
    request_validation: bool = Field(
        default=False, description="whether requests are checked against what their method asks for"
    )
    usage_plan: UsagePlan | None = Field(default=None, description="what the bearer of the API's key may use")
    binary_media_types: list[MediaType] = Field(
        default_factory=list, description="media types of bodies that are not text", examples=[["image/png"]]
    )
    minimum_compression_size: CompressionSize | None = Field(
        default=None, description="bytes from which answers are compressed; never when absent", examples=[1024]
    )
    cloud_watch_role: bool = Field(
        default=True, description="whether to make the account's role for logs, which it has once in a region"
    )


class FunctionUrlApi(Model):
    """The address of one function."""

    type: Literal["function_url"] = Field(description="a function's own address, for one route")
    cors: Cors | None = Field(default=None, description=_CORS)
    auth_type: Literal["aws_iam", "none"] = Field(
        default="aws_iam", description="aws_iam: signed requests of allowed principals; none: everybody"
    )
    invoke_mode: Literal["buffered", "response_stream"] = Field(
        default="buffered", description="whether answers are sent while they are made"
    )


class LoadBalancerApi(Model):
    """An application load balancer in the document's network."""

    type: Literal["load_balancer"] = Field(description="an application load balancer in the network")
    internet_facing: bool = Field(default=False, description="whether callers are outside the network")
    certificate_arn: CertificateArn | None = Field(
        default=None, description="certificate for HTTPS; plain HTTP when absent"
    )
    access_log: bool = Field(default=True, description="whether requests are recorded in a bucket")
    deletion_protection: bool = Field(default=False, description="whether the balancer refuses to be deleted")


class WebSocketApi(_LoggedApi):
    """A WebSocket API of API Gateway."""

    type: Literal["websocket"] = Field(description="a WebSocket API of API Gateway")
    authorizer: WebSocketAuthorizer | None = Field(default=None, description="who may connect; everybody when absent")
    route_selection_expression: SelectionExpression = Field(
        default="$request.body.action", description="the part of a message whose value is the key of its route"
    )
    cloud_watch_role: bool = Field(
        default=True, description="whether to make the account's role for logs, which it has once in a region"
    )


API_TYPES: Final = ("http", "rest", "websocket", "function_url", "load_balancer")
AnyRequestApi = Annotated[
    Annotated[HttpApi, Tag("http")]
    | Annotated[RestApi, Tag("rest")]
    | Annotated[FunctionUrlApi, Tag("function_url")]
    | Annotated[LoadBalancerApi, Tag("load_balancer")],
    by_type("http", "rest", "function_url", "load_balancer"),
]
RequestApi = HttpApi | RestApi | FunctionUrlApi | LoadBalancerApi
