"""What resolvers' code is given, and what came of it: the records between the evaluation and the GraphQL front door.

`template_evaluation.evaluate_template(template, context, now=clock.now())` works out a mapping template,
`script_evaluator.ScriptEvaluator` runs JavaScript; both take a `ResolverContext` and give an `Evaluated`, and never
raise for what the code did.
Source: AppSync Developer Guide, "AWS AppSync JavaScript resolver context object reference", "AWS AppSync resolver
mapping template context reference".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TypeAlias

from lambdakit.records import dataclass

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolverError:
    """An error that code raised or added: `util.error(message, errorType, data, errorInfo)`.

    error_type: None where the code gave none.
    """

    message: str
    error_type: str | None = None
    data: JsonValue = None
    error_info: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeProblem:
    """Why code is refused before it runs, as the API's `CodeError` has it.

    error_type: `PARSE_ERROR` or `LINT_ERROR`. line, column: counted from 1. span: how many characters; -1 is not known.
    """

    error_type: str
    value: str
    line: int
    column: int
    span: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolverContext:
    """The documented `ctx`, as JSON.

    source: None at the root. identity: None where the caller has none, as with an API key. request: `headers` and
    `domainName`. info: `fieldName`, `parentTypeName`, `variables`, `selectionSetList`, `selectionSetGraphQL`. prev:
    None, or `{"result": ...}` of the function before in a pipeline. error: None, or `{"message", "type"}` of the data
    source. out_errors: what functions before have added. auth_type: what `util.authType()` gives, such as `API Key
    Authorization`; None is worked out from the identity.
    """

    arguments: Mapping[str, JsonValue] = field(default_factory=dict)
    source: JsonValue = None
    identity: JsonValue = None
    request: Mapping[str, JsonValue] = field(default_factory=dict)
    info: Mapping[str, JsonValue] = field(default_factory=dict)
    stash: Mapping[str, JsonValue] = field(default_factory=dict)
    prev: JsonValue = None
    result: JsonValue = None
    error: JsonValue = None
    env: Mapping[str, str] = field(default_factory=dict)
    out_errors: Sequence[JsonValue] = ()
    auth_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What an evaluation gave.

    result: what the handler returned, or the JSON that a template wrote; a text that is no JSON is an error.
    error: what ended the evaluation; `result` then is None. appended_errors: those of `util.appendError`, in order; a
    field may have them and a result. stash: as the code left it, also after an error.
    early_return: `#return` or `runtime.earlyReturn`: `result` is the answer of this handler's resolver or function,
    whose data source and response handler are skipped. skip_next: with `skipTo: "END"`, the rest of the pipeline is
    skipped as well, and the pipeline resolver's response handler comes next.
    logs: `console.log`, `console.error` and `$util.log`, a text each.
    subscription_filter: of `extensions.setSubscriptionFilter`. subscription_invalidation_filter: of
    `extensions.setSubscriptionInvalidationFilter`. subscription_invalidations: of `extensions.invalidateSubscriptions`,
    in order. cache_evictions: `{"typeName", "fieldName", "keys"}` of each `extensions.evictFromApiCache`.
    http_headers: of `$util.http.addResponseHeader`, in order.
    problems: why JavaScript was not run at all; `error` then says that there are some.
    text: what a template wrote, to the letter, also where that is no JSON, which is an error; None after `#return`,
    after other errors and of JavaScript. Of a text of nothing but space `result` is None, and a request template of it
    is the service's error "Template transformation yielded an empty response.", which is for the caller to say.
    """

    result: JsonValue = None
    error: ResolverError | None = None
    appended_errors: tuple[ResolverError, ...] = ()
    stash: Mapping[str, JsonValue] = field(default_factory=dict)
    early_return: bool = False
    skip_next: bool = False
    logs: tuple[str, ...] = ()
    subscription_filter: JsonValue = None
    subscription_invalidation_filter: JsonValue = None
    subscription_invalidations: tuple[JsonValue, ...] = ()
    cache_evictions: tuple[JsonValue, ...] = ()
    http_headers: tuple[tuple[str, str], ...] = ()
    problems: tuple[CodeProblem, ...] = ()
    text: str | None = None
