"""What CloudFront refuses of the functions that a distribution associates with its events.

How CloudFront words it is not confirmed by a page. Source: Amazon CloudFront Developer Guide, "Restrictions on
Lambda@Edge", "Restrictions on all edge functions", "Set up IAM permissions and roles for Lambda@Edge"; "Quotas on
Lambda@Edge" (memory and time of functions for viewer events).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lambdakit.harness.deployment.provisioner import Context, Resource, ResourceRefused
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

_VERSION: Final = re.compile(r"arn:aws:lambda:([a-z0-9-]+):\d{12}:function:[A-Za-z0-9_-]+:(\d+)")
_EDGE: Final = "edgelambda.amazonaws.com"
_HOME: Final = "us-east-1"
_VIEWER_MEMORY_MIB: Final = 128
_VIEWER_SECONDS: Final = 5
_ORIGIN_SECONDS: Final = 30
_RUNTIMES: Final = ("nodejs", "python")


def check_edge_functions(resource: Resource, context: Context) -> None:
    """ResourceRefused for an association that CloudFront does not take."""
    config = resource.properties.get("DistributionConfig") or {}
    behaviors = [("DefaultCacheBehavior", config.get("DefaultCacheBehavior") or {})]
    behaviors += [(f"CacheBehaviors/{n}", each) for n, each in enumerate(config.get("CacheBehaviors") or ())]
    for where, behavior in behaviors:
        pointer = f"DistributionConfig/{where}/LambdaFunctionAssociations"
        lambdas = list(behavior.get("LambdaFunctionAssociations") or ())
        for association in lambdas:
            for problem in _problems(association, context):
                raise ResourceRefused(problem, property_pointer=pointer)
        plain = [each["EventType"] for each in behavior.get("FunctionAssociations") or ()]
        events = [each["EventType"] for each in lambdas]
        if len({*events, *plain}) < len(events) + len(plain):
            raise ResourceRefused("an event type may have one function only", property_pointer=pointer)
        if plain and any(str(event).startswith("viewer-") for event in events):
            raise ResourceRefused(
                "CloudFront functions and Lambda@Edge functions cannot both have viewer events of a behavior",
                property_pointer=pointer,
            )


def _problems(association: Mapping[str, Any], context: Context) -> Iterator[str]:
    arn, event = str(association.get("LambdaFunctionARN")), str(association.get("EventType"))
    named = _VERSION.fullmatch(arn)
    if named is None:
        yield f"The function ARN must reference a specific function version. ARN: {arn}"
        return
    if named[1] != _HOME:
        yield f"The function must be in region '{_HOME}'. ARN: {arn}"
        return
    try:
        target = context.functions.resolve(arn)
    except ServiceFault as fault:
        yield f"{fault.message} ARN: {arn}"
        return
    configuration = target.configuration
    if context.roles.trust_refusal(_EDGE, configuration.role) is not None:
        yield (
            "The function execution role must be assumable with edgelambda.amazonaws.com as well as "
            f"lambda.amazonaws.com principals. Role: {configuration.role}"
        )
    yield from _of_configuration(configuration, event.startswith("viewer-"), arn)


def _of_configuration(configuration: FunctionConfiguration, is_viewers: bool, arn: str) -> Iterator[str]:
    if configuration.environment:
        yield f"The function cannot have environment variables. Function: {arn}"
    if configuration.vpc_subnet_ids:
        yield f"The function cannot have a VPC configuration. Function: {arn}"
    if configuration.layers:
        yield f"The function cannot have layers. Function: {arn}"
    if configuration.dead_letter_target:
        yield f"The function cannot have a dead letter queue. Function: {arn}"
    if configuration.package_type != "Zip":
        yield f"The function cannot be a container image. Function: {arn}"
    elif not configuration.runtime.startswith(_RUNTIMES):
        yield f"The function cannot have the runtime {configuration.runtime}. Function: {arn}"
    if configuration.architecture != "x86_64":
        yield f"The function must have the architecture x86_64. Function: {arn}"
    seconds_max = _VIEWER_SECONDS if is_viewers else _ORIGIN_SECONDS
    if configuration.timeout_seconds > seconds_max:
        yield f"The function's timeout is larger than {seconds_max} seconds. Function: {arn}"
    if is_viewers and configuration.memory_mib > _VIEWER_MEMORY_MIB:
        yield f"The function's memory is larger than {_VIEWER_MEMORY_MIB} MB. Function: {arn}"
