"""The doors of REST APIs, with what they work with."""

from __future__ import annotations

import time
from collections.abc import Callable

from lambdakit.clock import Clock
from lambdakit.harness.access import Access
from lambdakit.harness.moto_state.rest_apis import find_rest_api, kept_rest_api
from lambdakit.harness.moto_state.usage_plans import kept_usage_plans
from lambdakit.harness.routing.access_log import WriteLine
from lambdakit.harness.routing.authorizers.key_sets import KeySets
from lambdakit.harness.routing.function_calls import FunctionCalls
from lambdakit.harness.routing.rest.authorization import RestAuthorization
from lambdakit.harness.routing.rest.gates import Gates, Integrations
from lambdakit.harness.routing.rest.lambda_authorizer import RestLambdaAuthorizers
from lambdakit.harness.routing.rest.lambda_proxy import LambdaProxy
from lambdakit.harness.routing.rest.rest_api import RestApi
from lambdakit.harness.routing.rest.stage_settings import MetricStore
from lambdakit.harness.routing.rest.throttles import RestThrottles
from lambdakit.harness.routing.rest.trials import RestTrials
from lambdakit.harness.routing.rest.usage_plans import UsagePlans
from lambdakit.harness.routing.rest.validation import validate
from lambdakit.harness.routing.throttle import seconds_of
from lambdakit.trace import TraceLog


class RestDoors:
    """Makes the door of each REST API. One set of usage plans serves them all: a plan may span several."""

    def __init__(
        self,
        *,
        calls: FunctionCalls,
        integrations: Integrations,
        access: Access,
        key_sets: KeySets,
        write_line: WriteLine,
        metrics: MetricStore,
        trace: TraceLog,
        clock: Clock,
    ) -> None:
        self._calls = calls
        self._access = access
        self._key_sets = key_sets
        self._integrations = integrations
        self._write_line = write_line
        self._metrics = metrics
        self._trace = trace
        self._clock = clock
        self._plans = UsagePlans(kept_usage_plans(), clock)
        self._throttles = RestThrottles(seconds_of(clock))

    def api(self, api_id: str, region: str, account_id: str) -> RestApi:
        """The door of an API."""
        gates = Gates(
            authorization=RestAuthorization(
                callers=self._access,
                functions=RestLambdaAuthorizers(self._calls.call, self._clock),
                key_sets=self._key_sets,
                now=time.time,
            ),
            plans=self._plans,
            throttles=self._throttles,
            validate=validate,
        )
        return RestApi(
            api_id=api_id,
            account_id=account_id,
            region=region,
            definition=kept_rest_api(account_id, region, api_id),
            gates=gates,
            functions=LambdaProxy(self._calls),
            integrations=self._integrations,
            write_line=self._write_line,
            metrics=self._metrics,
            trace=self._trace,
            clock=self._clock,
        )

    def trials(self) -> RestTrials:
        """What tries methods and authorizers that are not deployed."""
        return RestTrials(
            call=self._calls.call,
            functions=LambdaProxy(self._calls),
            integrations=self._integrations,
            key_sets=self._key_sets,
            validate=validate,
            clock=self._clock,
            now=time.time,
        )

    def open_unknown(self, api_id: str, open_api: Callable[[str, str, str], None]) -> None:
        """Serves an API that was made through API Gateway's own API; nothing happens when there is none."""
        place = find_rest_api(api_id)
        if place is not None:
            account_id, region = place
            open_api(api_id, region, account_id)
