"""Mapping templates of API Gateway: a template, what it may read, and the text that comes of it.

Knows no kind of API: body, parameters, context and stage variables are arguments.
Source: API Gateway Developer Guide, "Variables for data transformations for API Gateway", "Mapping template
transformations for REST APIs in API Gateway", "Override your API's request and response parameters and status codes".
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Final
from urllib.parse import quote_plus, unquote_plus

from lambdakit.harness.routing.rest.java_patterns import PatternRefused
from lambdakit.harness.routing.rest.java_values import ValueFailed, json_of, text_of
from lambdakit.harness.routing.rest.json_path import PathRefused, found
from lambdakit.harness.routing.rest.vtl_grammar import grammar, read_template
from lambdakit.harness.routing.rest.vtl_loop import LoopEnded, TemplateEnded
from lambdakit.harness.routing.rest.vtl_work import TemplateFailed as TemplateFailed
from lambdakit.harness.routing.rest.vtl_work import Text, Work
from lambdakit.records import dataclass

# Quotas for configuring and running a REST API: "Size of mapping template in API Gateway", 300 KB.
_TEMPLATE_KILOBYTES_MAX: Final = 300
_LISTS: Final = ("path", "querystring", "header")


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """The parameters of the method request, decoded; of a repeated one the last value."""

    path: Mapping[str, str] = field(default_factory=dict)
    querystring: Mapping[str, str] = field(default_factory=dict)
    header: Mapping[str, str] = field(default_factory=dict)


NO_PARAMS: Final = Params()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a template wrote, and what it set below `$context.requestOverride` and `$context.responseOverride`.

    request: `header`, `path` and `querystring` -> name -> value. response_headers: by name. response_status: None where
    it was left.
    """

    text: str
    request: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    response_headers: Mapping[str, Any] = field(default_factory=dict)
    response_status: int | None = None


def render(
    template: str,
    *,
    body: str = "",
    params: Params = NO_PARAMS,
    context: Mapping[str, Any] | None = None,
    stage_variables: Mapping[str, str] | None = None,
) -> Rendered:
    """The text that a template makes. TemplateFailed when it cannot be read or fails, or takes too much.

    body: the payload that `$input` reads. context: `$context`, nested; what a template changes there stays here.
    """
    work = Work()
    try:
        surroundings: dict[str, Any] = _copied(context or {})
        surroundings["requestOverride"] = {name: {} for name in _LISTS}
        surroundings["responseOverride"] = {"header": {}}
        names: dict[str, Any] = {
            "input": _Input(body, params, work),
            "context": surroundings,
            "stageVariables": dict(stage_variables or {}),
            "util": _Functions(work),
        }
        out = Text(work)
        _run(_compiled(template), out, names, work)
    except (ValueFailed, PatternRefused, PathRefused) as failed:
        raise TemplateFailed(str(failed)) from None
    except RecursionError:
        raise TemplateFailed("the template, or a value in it, is nested too deep") from None
    override = _map(surroundings.get("requestOverride"))
    response = _map(surroundings.get("responseOverride"))
    return Rendered(
        text=out.text(),
        request={name: _map(override.get(name)) for name in _LISTS},
        response_headers=_map(response.get("header")),
        response_status=_status(response.get("status")),
    )


def override_text(value: Any) -> str:
    """A value that a template set in an override, as a header or a parameter has it."""
    return text_of(value, Work().spend)


def parsed_body(body: str) -> Any:
    """A payload as the value that `$input` reads: of none an empty map, of what is no JSON its text."""
    if not body.strip():
        return {}
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body


@functools.lru_cache(maxsize=256)
def _compiled(template: str) -> Any:
    return read_template(grammar(), template, kilobytes_max=_TEMPLATE_KILOBYTES_MAX)


def _copied(value: Any) -> Any:
    """A value of its own, of maps and lists as templates know them."""
    if isinstance(value, Mapping):
        return {str(key): _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list | tuple) else value


def _run(block: Any, out: Text, names: dict[str, Any], work: Work) -> None:
    try:
        block.evaluate(out, names, work)
    except (TemplateEnded, LoopEnded):
        return


def _map(value: Any) -> dict[str, Any]:
    return {str(name): each for name, each in value.items()} if isinstance(value, dict) else {}


def _status(value: Any) -> int | None:
    """A status that a template set; one that is none changes nothing."""
    try:
        status = int(value)
    except (TypeError, ValueError):
        return None
    return status if 100 <= status <= 599 and not isinstance(value, bool) else None


class _Input:
    """`$input`. What a template changes in what `path` gave, `json` and `path` show from then on."""

    def __init__(self, body: str, params: Params, work: Work) -> None:
        self._body = body
        self._params = params
        self._work = work

    def template_properties(self) -> Mapping[str, Any]:
        """`$input.body`."""
        return {"body": self._body, "params": self._all()}

    def template_methods(self) -> Mapping[str, Callable[..., Any]]:
        """`$input.json('$.a')` and its like."""
        return {"json": self._json, "path": self._path, "params": self._param, "body": lambda: self._body}

    @functools.cached_property
    def _document(self) -> Any:
        self._work.spend(len(self._body) >> 5)
        return parsed_body(self._body)

    def _json(self, path: str) -> str:
        is_there, value = found(path, self._document, self._work.spend)
        # Of what is not there an empty text is left, with its quotes, so that a template stays JSON.
        return json_of(value, self._work.spend) if is_there else '""'

    def _path(self, path: str) -> Any:
        return found(path, self._document, self._work.spend)[1]

    def _param(self, name: str | None = None) -> Any:
        """All by kind without a name; of one without a value an empty text."""
        if name is None:
            return self._all()
        for values in (self._params.path, self._params.querystring, self._params.header):
            if name in values:
                return values[name]
        same = (value for key, value in self._params.header.items() if key.lower() == name.lower())
        return next(same, "")

    def _all(self) -> dict[str, dict[str, str]]:
        params = self._params
        return {"path": dict(params.path), "querystring": dict(params.querystring), "header": dict(params.header)}


class _Functions:
    """`$util`."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def template_properties(self) -> Mapping[str, Any]:
        """It has none."""
        return {}

    def template_methods(self) -> Mapping[str, Callable[..., Any]]:
        """`$util.urlEncode('a b')` and its like; of nothing they give nothing."""
        functions: dict[str, Callable[[str], Any]] = {
            "base64Decode": _base64_decoded,
            "base64Encode": lambda text: base64.b64encode(text.encode("utf-8", "replace")).decode(),
            "escapeJavaScript": escaped_javascript,
            "parseJson": parsed_body,
            "urlDecode": unquote_plus,
            "urlEncode": url_encoded,
        }
        return {name: functools.partial(self._apply, function) for name, function in functions.items()}

    def _apply(self, function: Callable[[str], Any], value: Any) -> Any:
        if value is None:
            return None
        text = text_of(value, self._work.spend)
        self._work.wrote(len(text))
        return function(text)


def url_encoded(text: str) -> str:
    """A text as forms have it. Source: Java SE API, `URLEncoder`."""
    return quote_plus(text.encode("utf-8", "replace"), safe="*").replace("~", "%7E")


def _base64_decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except binascii.Error as error:
        raise TemplateFailed(f"base64Decode: {error}") from None


_ESCAPES: Final = {
    **{
        "'": "\\'",
        '"': '\\"',
        "\\": "\\\\",
        "/": "\\/",
        "\b": "\\b",
        "\n": "\\n",
        "\t": "\\t",
        "\f": "\\f",
        "\r": "\\r",
    }
}


def escaped_javascript(text: str) -> str:
    """A text as it stands in JavaScript's quotes.

    Source: Apache Commons Lang, `StringEscapeUtils.escapeEcmaScript`, whose rules the guide's page describes.
    """
    return "".join(_ESCAPES.get(letter) or _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    if " " <= letter <= "~":
        return letter
    units = letter.encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
