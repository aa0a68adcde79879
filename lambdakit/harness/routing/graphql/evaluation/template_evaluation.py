"""Mapping templates of resolvers: a template, its context, and what came of it.

Source: AppSync Developer Guide, "AWS AppSync resolver mapping template reference", "AWS AppSync resolver mapping
template context reference".
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from lambdakit.harness.routing.graphql.evaluation.evaluated import Evaluated, ResolverContext, ResolverError
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed
from lambdakit.harness.routing.graphql.evaluation.noted import Noted, ResolverFailed
from lambdakit.harness.routing.graphql.evaluation.template_functions import template_names
from lambdakit.harness.routing.graphql.evaluation.template_grammar import TemplateReturned, resolver_grammar
from lambdakit.harness.routing.rest.java_patterns import PatternRefused
from lambdakit.harness.routing.rest.java_values import ValueFailed, json_of
from lambdakit.harness.routing.rest.vtl_grammar import read_template
from lambdakit.harness.routing.rest.vtl_loop import LoopEnded, TemplateEnded
from lambdakit.harness.routing.rest.vtl_work import TemplateFailed, Text, Work

# AWS AppSync endpoints and quotas: "Resolver mapping template size" and "Evaluated resolver template size".
_TEMPLATE_KILOBYTES_MAX: Final = 64
_WRITTEN_BYTES_MAX: Final = 5 * 1024 * 1024
_SHOWN_MAX: Final = 1_000
# What clients of AppSync report as the type of errors in templates.
_OF_TEMPLATES: Final = "MappingTemplate"


def evaluate_template(template: str, context: ResolverContext, *, now: datetime) -> Evaluated:
    """What a mapping template makes of its context.

    now: the harness's time, for `$util.time` and the ids that carry a time.
    """
    work, noted = Work(), Noted()
    names = _names(context)
    out = Text(work)
    stash: dict[str, Any] = {}
    try:
        names.update(template_names(context, now, noted, work))
        returned = _run(template, out, names, work)
        stash = _plain(names["context"].get("stash"), work)
        if returned is not None:
            result = json.loads(json_of(returned.value, work.spend))
            return noted.evaluated(result=result, stash=stash, early_return=True)
        return _told(out.text(), stash, noted)
    except ResolverFailed as failed:
        error = failed.error
    except (FunctionFailed, TemplateFailed, ValueFailed, PatternRefused) as refused:
        error = ResolverError(message=str(refused), error_type=_OF_TEMPLATES)
    except RecursionError:
        error = ResolverError(message="the template, or a value in it, is nested too deep", error_type=_OF_TEMPLATES)
    return noted.evaluated(error=error, stash=stash or _left(names, context))


def _run(template: str, out: Text, names: dict[str, Any], work: Work) -> TemplateReturned | None:
    """Writes the template; what `#return` was given, if it came to that."""
    try:
        _compiled(template).evaluate(out, names, work)
    except TemplateReturned as returned:
        return returned
    except (TemplateEnded, LoopEnded):
        pass
    return None


def _told(text: str, stash: Mapping[str, Any], noted: Noted) -> Evaluated:
    """What a template wrote, and the JSON in it."""
    if len(text.encode("utf-8", "replace")) > _WRITTEN_BYTES_MAX:
        raise TemplateFailed("the evaluated template is over 5 MB")
    if not text.strip():
        return noted.evaluated(stash=stash, text=text)
    try:
        result = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        error = ResolverError(message=_words_of(problem, text), error_type=_OF_TEMPLATES)
        return noted.evaluated(error=error, stash=stash, text=text)
    return noted.evaluated(result=result, stash=stash, text=text)


def _words_of(problem: Exception, text: str) -> str:
    """Why a text is no JSON, in the words that clients of AppSync report."""
    if str(problem).startswith("Extra data"):
        return "Trailing characters at the end of the JSON string are not allowed."
    shown = text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
    return f"Unable to convert {shown} to Object."


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _names(context: ResolverContext) -> dict[str, Any]:
    """`$context` and `$ctx`: values of their own, which the template may change."""
    whole = _Context(
        arguments=_copied(context.arguments),
        source=_copied(context.source),
        identity=_copied(context.identity),
        request=_copied(context.request),
        info=_copied(context.info),
        stash=_copied(context.stash),
        prev=_copied(context.prev),
        result=_copied(context.result),
        error=_copied(context.error),
        env=_copied(context.env),
        outErrors=_copied(context.out_errors),
    )
    return {"context": whole, "ctx": whole}


class _Context(dict[str, Any]):
    """`$context`, whose `args` is another name of `arguments`: to be read and set, but not written."""

    def get(self, key: Any, default: Any = None) -> Any:
        """What is there by a name."""
        return super().get("arguments" if key == "args" else key, default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__("arguments" if key == "args" else key, value)


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list | tuple) else value


def _left(names: Mapping[str, Any], context: ResolverContext) -> dict[str, Any]:
    """The stash of a template that failed."""
    try:
        return _plain(names["context"].get("stash"), Work())
    except (TemplateFailed, ValueFailed, RecursionError):
        return dict(context.stash)


def _plain(stash: Any, work: Work) -> dict[str, Any]:
    plain = json.loads(json_of(stash, work.spend))
    return plain if isinstance(plain, dict) else {}


@functools.lru_cache(maxsize=256)
def _compiled(template: str) -> Any:
    return read_template(resolver_grammar(), template, kilobytes_max=_TEMPLATE_KILOBYTES_MAX)
