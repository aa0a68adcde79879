"""`$util`, `$extensions` and what is below them, as templates have them.

An object of a template has `template_properties` and `template_methods`: see `vtl_references`.
Source: AppSync Developer Guide, "Resolver mapping template utility reference".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from lambdakit.harness.routing.graphql.evaluation.evaluated import ResolverContext, ResolverError
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed
from lambdakit.harness.routing.graphql.evaluation.noted import Noted, ResolverFailed, filled, unauthorized
from lambdakit.harness.routing.graphql.evaluation.pure_functions import grouped_functions, plain_functions
from lambdakit.harness.routing.rest.java_values import are_equal, json_of, text_of
from lambdakit.harness.routing.rest.vtl_work import TemplateFailed, Work

_SORTED_MAX: Final = 1_000
Methods = Mapping[str, Callable[..., Any]]


class TemplateObject:
    """Something that a template has by name. methods, properties: what is below it."""

    def __init__(self, name: str, methods: Methods, properties: Mapping[str, Any] | None = None) -> None:
        self._name = name
        self._methods = methods
        self._properties = properties or {}

    def __str__(self) -> str:
        return self._name

    def template_properties(self) -> Mapping[str, Any]:
        """What a template reads of it."""
        return self._properties

    def template_methods(self) -> Methods:
        """What a template calls."""
        return self._methods


def template_names(context: ResolverContext, now: datetime, noted: Noted, work: Work) -> dict[str, Any]:
    """The functions that a template starts with, by the names of its variables."""
    functions = _Functions(context, noted, work)
    groups = grouped_functions(now)
    below = {name: TemplateObject(name, _counted(methods, work)) for name, methods in groups.items()}
    below["dynamodb"] = TemplateObject("dynamodb", _counted(_with_json_forms(groups["dynamodb"], work), work))
    below["http"] = TemplateObject("http", {**_counted(groups["http"], work), **functions.of_http()})
    below["list"] = TemplateObject("list", _counted(functions.of_lists(), work))
    below["map"] = TemplateObject("map", _counted(_OF_MAPS, work))
    below["log"] = TemplateObject("log", functions.of_logs())
    plain = {name: _of_texts(function, work) for name, function in plain_functions(context, now).items()}
    util = TemplateObject("util", {**_counted(plain, work), **functions.of_util()}, below)
    extensions = TemplateObject("extensions", functions.of_extensions())
    return {"util": util, "utils": util, "extensions": extensions}


class _Functions:
    """The functions that say something besides what they give."""

    def __init__(self, context: ResolverContext, noted: Noted, work: Work) -> None:
        self._context = context
        self._noted = noted
        self._work = work

    def of_util(self) -> Methods:
        return {
            "qr": lambda *_: "",
            "quiet": lambda *_: "",
            "error": self._raise_error,
            "appendError": self._append_error,
            "unauthorized": self._unauthorized,
            "validate": self._validate,
            "toJson": lambda value=None: json_of(value, self._work.spend),
            "parseJson": self._parsed,
            "isNull": lambda value=None: value is None,
            "isNullOrEmpty": lambda value=None: value is None or self._text(value) == "",
            "isNullOrBlank": lambda value=None: value is None or not self._text(value).strip(),
            "defaultIfNull": lambda value=None, default=None: default if value is None else value,
            "defaultIfNullOrEmpty": lambda value=None, default=None: (
                default if value is None or self._text(value) == "" else value
            ),
            "defaultIfNullOrBlank": lambda value=None, default=None: (
                default if value is None or not self._text(value).strip() else value
            ),
            "isString": lambda value=None: type_of(value) == "String",
            "isNumber": lambda value=None: type_of(value) == "Number",
            "isBoolean": lambda value=None: type_of(value) == "Boolean",
            "isList": lambda value=None: type_of(value) == "List",
            "isMap": lambda value=None: type_of(value) == "Map",
            "typeOf": lambda value=None: type_of(value),
        }

    def of_http(self) -> Methods:
        def add_all(headers: Any) -> str:
            for name, value in self._map(headers).items():
                self._noted.add_header(name, self._plain(value))
            return ""

        def add(name: Any = None, value: Any = None) -> str:
            self._noted.add_header(name, self._plain(value))
            return ""

        return {"addResponseHeader": add, "addResponseHeaders": add_all}

    def of_logs(self) -> Methods:
        def log(text: Any = None, *values: Any) -> str:
            self._noted.log(filled(self._text(text), [self._text(value) for value in values]))
            return ""

        return {"info": log, "debug": log, "error": log}

    def of_lists(self) -> Methods:
        return {
            "copyAndRetainAll": lambda values, some: [each for each in values if self._is_in(each, some)],
            "copyAndRemoveAll": lambda values, some: [each for each in values if not self._is_in(each, some)],
            "sortList": sorted_list,
        }

    def of_extensions(self) -> Methods:
        def evict(type_name: Any, field_name: Any, keys: Any = None) -> str:
            self._noted.evict(self._text(type_name), self._text(field_name), self._map(self._plain(keys)))
            return ""

        def taken(take: Callable[[Any], None]) -> Callable[[Any], str]:
            def call(value: Any) -> str:
                take(self._plain(value))
                return ""

            return call

        return {
            "evictFromApiCache": evict,
            "setSubscriptionFilter": taken(self._noted.set_filter),
            "setSubscriptionInvalidationFilter": taken(self._noted.set_invalidation_filter),
            "invalidateSubscriptions": taken(self._noted.invalidate),
        }

    def _raise_error(self, message: Any = None, kind: Any = None, data: Any = None, info: Any = None) -> NoReturn:
        raise ResolverFailed(self._error(message, kind, data, info))

    def _append_error(self, message: Any = None, kind: Any = None, data: Any = None, info: Any = None) -> str:
        self._noted.append_error(self._error(message, kind, data, info))
        return ""

    def _unauthorized(self) -> NoReturn:
        raise ResolverFailed(unauthorized(self._context.info))

    def _validate(self, condition: Any, message: Any = None, kind: Any = None, data: Any = None) -> str:
        if condition is False:
            given = "CustomTemplateException" if kind is None else kind
            raise ResolverFailed(self._error(message, given, data, None))
        return ""

    def _error(self, message: Any, kind: Any, data: Any, info: Any) -> ResolverError:
        return ResolverError(
            message="null" if message is None else self._text(message),
            error_type=None if kind is None else self._text(kind),
            data=self._plain(data),
            error_info=self._plain(info),
        )

    def _parsed(self, text: Any = None) -> Any:
        """Of nothing nothing. What a text that is no JSON does is not confirmed by a page: here it is an error."""
        if text is None:
            return None
        whole = self._text(text)
        self._work.spend(len(whole) >> 5)
        self._work.wrote(len(whole))
        try:
            return json.loads(whole)
        except (ValueError, RecursionError):
            raise TemplateFailed("parseJson: the text is no JSON") from None

    def _is_in(self, value: Any, values: Any) -> bool:
        for each in values or ():
            self._work.spend(1)
            if are_equal(value, each, self._work.spend):
                return True
        return False

    def _map(self, value: Any) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise FunctionFailed("a map is wanted")
        return value

    def _text(self, value: Any) -> str:
        return text_of(value, self._work.spend)

    def _plain(self, value: Any) -> Any:
        """A value of the template's as JSON has it, which no template changes any more."""
        return None if value is None else json.loads(json_of(value, self._work.spend))


def type_of(value: Any) -> str:
    """The name of a value's type, of the six that there are; `Object` for the others."""
    match value:
        case None:
            return "Null"
        case bool():
            return "Boolean"
        case int() | float():
            return "Number"
        case str():
            return "String"
        case dict():
            return "Map"
        case list():
            return "List"
    return "Object"


def sorted_list(values: Any, is_descending: Any, name: Any) -> Any:
    """Sorted by the values, or by a property of theirs; a list of different classes as it was."""
    if not isinstance(values, list):
        raise FunctionFailed("sortList: a list is wanted")
    if len(values) > _SORTED_MAX:
        raise FunctionFailed(f"sortList: more than {_SORTED_MAX:,} values")
    keys: list[Any] = [each.get(name) if isinstance(each, dict) else each for each in values]
    if len({type_of(each) for each in values}) > 1 or len({type_of(key) for key in keys}) > 1:
        return values
    if not keys or type_of(keys[0]) not in ("String", "Number", "Boolean"):
        return values
    order = sorted(range(len(values)), key=lambda place: keys[place], reverse=is_descending is True)
    return [values[place] for place in order]


def _retained(values: Any, keys: Any) -> dict[Any, Any]:
    wanted = _keys(keys)
    return {key: value for key, value in values.items() if key in wanted}


def _removed(values: Any, keys: Any) -> dict[Any, Any]:
    unwanted = _keys(keys)
    return {key: value for key, value in values.items() if key not in unwanted}


def _keys(given: Any) -> frozenset[Any]:
    """Those of a list that can be keys."""
    return frozenset(each for each in given or () if isinstance(each, str | int | float))


_OF_MAPS: Final[Methods] = {"copyAndRetainAllKeys": _retained, "copyAndRemoveAllKeys": _removed}


def _with_json_forms(functions: Methods, work: Work) -> Methods:
    """Each function with a second form, which gives its JSON: `toStringJson`."""

    def form(function: Callable[..., Any]) -> Callable[..., str]:
        return lambda *values: json_of(function(*values), work.spend)

    forms = {f"{name}Json": form(function) for name, function in functions.items() if not name.startswith("from")}
    return {**functions, **forms}


def _of_texts(function: Callable[..., Any], work: Work) -> Callable[..., Any]:
    """A function of texts, which in a template takes any value as it is written."""

    def call(*values: Any) -> Any:
        texts = [None if value is None else text_of(value, work.spend) for value in values]
        work.wrote(sum(len(text) for text in texts if text is not None))
        return function(*texts)

    return call


def _counted(functions: Methods, work: Work) -> Methods:
    """The functions, which count what they are given."""

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*values: Any) -> Any:
            for value in values:
                _weigh(value, work)
            return function(*values)

        return call

    return {name: counted(function) for name, function in functions.items()}


def _weigh(value: Any, work: Work) -> None:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        work.spend(1 + (len(each) >> 6 if isinstance(each, str) else 0))
        if isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
