"""A stage's settings for the method that a request asks for.

Source: API Gateway API Reference, "Stage" (`methodSettings`); CloudFormation Template Reference,
"AWS::ApiGateway::Stage MethodSetting" (`/~1a~1b` is the path `/a/b`, `/*` every path).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from lambdakit.harness.moto_state.rest_definition import MethodSettings, RestStage
from lambdakit.harness.routing.rest.exchange import RestExchange


def method_settings(stage: RestStage, exchange: RestExchange) -> MethodSettings:
    """The method's own settings, else those of every method; limits that it leaves open are those of every method."""
    if not stage.settings:
        return MethodSettings()
    found = {_place(key): settings for key, settings in stage.settings.items()}
    whole = found.get(("*", "*"), MethodSettings())
    own = _own(found, exchange)
    if own is None:
        return _limited(whole)
    rate, burst = _limited(own).rate, _limited(own).burst
    whole = _limited(whole)
    return dataclasses.replace(
        own, rate=whole.rate if rate is None else rate, burst=whole.burst if burst is None else burst
    )


def _own(found: Mapping[tuple[str, str], MethodSettings], exchange: RestExchange) -> MethodSettings | None:
    answering = "" if exchange.method is None else exchange.method.http_method
    path = exchange.resource_path.strip("/")
    places = ((path, exchange.request.method), (path, answering), (path, "*"), ("*", exchange.request.method))
    return next((found[place] for place in places if place in found), None)


def _place(key: str) -> tuple[str, str]:
    """Path without slashes around it, and method, of a key such as `~1a~1b/GET`."""
    path, _, method = key.rpartition("/")
    return path.replace("~1", "/").replace("~0", "~").strip("/"), method.upper()


def _limited(settings: MethodSettings) -> MethodSettings:
    """Limits below 0 are none: so the API shows those that are not set."""
    rate, burst = settings.rate, settings.burst
    if (rate is None or rate >= 0) and (burst is None or burst >= 0):
        return settings
    return dataclasses.replace(
        settings,
        rate=None if rate is None or rate < 0 else rate,
        burst=None if burst is None or burst < 0 else burst,
    )
