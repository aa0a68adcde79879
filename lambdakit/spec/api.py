"""The API in front of an API backend's routes, by its type."""

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
LoadBalancerArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:loadbalancer/app/[A-Za-z0-9-]+/[0-9a-f]+$",
        allowed="an ARN of an application load balancer such as "
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/0123456789abcdef",
        longest=256,
    ),
]
ListenerArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:listener/app/[A-Za-z0-9-]+/[0-9a-f]+/[0-9a-f]+$",
        allowed="an ARN of a listener such as "
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/0123456789abcdef/0123456789abcdef",
        longest=256,
    ),
]
Url = Annotated[
    str,
    patterned_text(
        "^https?://[^\\s/]+(/[^\\s/]+)*$",
        allowed="an address such as https://shop.example.com, without a slash at the end",
        longest=2048,
        mend=lambda text: text.rstrip("/"),
    ),
]
# Source: Elastic Load Balancing, "Condition types for listener rules", host conditions
Host = Annotated[
    str,
    patterned_text(
        "^[A-Za-z0-9*?]([A-Za-z0-9*?.-]*[A-Za-z0-9*?])?$",
        allowed="a name of a host such as shop.example.com or *.example.com",
        longest=128,
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
        default_factory=lambda: [], description="media types of bodies that are not text", examples=[["image/png"]]
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
    """An application load balancer in the document's network, or an existing one, or an existing listener of one.

    A rule checks which keys go together. load_balancer_arn, listener_arn: None for a new one. url: None, the
    balancer's own name. port: None, 443 or 80.
    """

    type: Literal["load_balancer"] = Field(description="an application load balancer in the network")
    internet_facing: bool = Field(default=False, description="whether callers are outside the network")
    certificate_arn: CertificateArn | None = Field(
        default=None, description="certificate for HTTPS; plain HTTP when absent"
    )
    access_log: bool = Field(default=True, description="whether requests are recorded in a bucket")
    deletion_protection: bool = Field(default=False, description="whether the balancer refuses to be deleted")
    load_balancer_arn: LoadBalancerArn | None = Field(
        default=None, description="an existing balancer, which gets a listener"
    )
    port: Annotated[int, whole_number(minimum=1, maximum=65_535, what="port")] | None = Field(
        default=None, description="of the listener of an existing balancer; 443 or 80 when absent", examples=[8443]
    )
    listener_arn: ListenerArn | None = Field(
        default=None, description="an existing listener, which gets a rule for each route"
    )
    url: Url | None = Field(
        default=None,
        description="where callers reach an existing one",
        examples=["https://shop.example.com"],
    )
    # Source: API elasticloadbalancingv2 CreateRule.Priority
    first_priority: Annotated[int, whole_number(minimum=1, maximum=50_000, what="priority of a rule")] = Field(
        default=1, description="of the rules of an existing listener, which take as many numbers as there are routes"
    )
    hosts: Annotated[list[Host], Field(max_length=3)] = Field(
        default_factory=lambda: [],
        description="whose requests the rules of an existing listener take; all when absent",
        examples=[["shop.example.com"]],
    )


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
