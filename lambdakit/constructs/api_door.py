"""What every kind of API is to its pattern: an address, and a way to bring a route to its function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from aws_cdk import aws_apigateway as apigateway
    from aws_cdk import aws_apigatewayv2 as apigatewayv2
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from aws_cdk import aws_lambda as lambda_

    AnyApi: TypeAlias = (
        apigatewayv2.HttpApi
        | apigateway.RestApi
        | apigatewayv2.WebSocketApi
        | lambda_.FunctionUrl
        | elbv2.IApplicationLoadBalancer
        | elbv2.IApplicationListener
        | str
    )


class ApiDoor(Protocol):
    """An API that stands, and takes routes."""

    @property
    def api(self) -> AnyApi:
        """The CDK's construct of the API; the ARN of a balancer or listener that is known by nothing else."""

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""

    @property
    def domain_target(self) -> str | None:
        """What the DNS record of its custom domain points to; None without one."""

    def add_route(self, key: str, handler: lambda_.IFunction, *, public: bool) -> None:
        """Brings the requests of a valid route key to `handler`. public: whatever the API's authorizer says."""
