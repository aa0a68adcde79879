"""pydantic's errors as findings, in the document's words; none of pydantic's own text passes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from lambdakit.spec.api import API_TYPES
from lambdakit.spec.application import CONTENTS, Application
from lambdakit.spec.event_processing import AnyEventSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.kinds import KIND, TYPE
from lambdakit.spec.model_path import ModelPath, walk
from lambdakit.spec.names import snake_case
from lambdakit.spec.nearest import nearest
from lambdakit.spec.patterns import Route, SharedRoute
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.stream_processing import AnyStreamSource
from lambdakit.spec.wording import given, in_yaml, one_of, quoted, shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# What other tools call our keys.
_OTHER_NAMES: Mapping[str, str] = {
    "architectures": "architecture",
    "billing": "table",
    "code_uri": "code",
    "concurrency": "reserved_concurrent_executions",
    "cors_preflight": "cors",
    "cors_configuration": "cors",
    "env": "environment",
    "environment_variables": "environment",
    "ephemeral_storage": "ephemeral_storage_size",
    "functions": "patterns",
    "globals": "defaults",
    "hash_key": "partition_key",
    "log_retention_in_days": "log_retention",
    "memory": "memory_size",
    "methods": "allow_methods",
    "name": "application",
    "origins": "allow_origins",
    "headers": "allow_headers",
    "provisioned_concurrency": "provisioned_concurrent_executions",
    "range_key": "sort_key",
    "reserved_concurrency": "reserved_concurrent_executions",
    "service": "application",
    "stack": "application",
    "stack_name": "application",
    "ttl": "time_to_live_attribute",
    "ttl_attribute": "time_to_live_attribute",
    "bisect_batch_on_function_error": "bisect_batch_on_error",
    "filter_criteria": "filters",
    "filter_patterns": "filters",
    "maximum_batching_window_in_seconds": "max_batching_window",
    "batch_window": "max_batching_window",
    "maximum_record_age_in_seconds": "max_record_age",
    "maximum_retry_attempts": "retry_attempts",
    "max_retries": "retry_attempts",
    "shards": "shard_count",
    "tumbling_window_in_seconds": "tumbling_window",
}
# What other tools, and other sections of a document, call our words.
_OTHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "b": ("binary",),
    "bucket": ("s3",),
    "bus": ("event_bus",),
    "call": ("invoke",),
    "cron": ("schedule",),
    "dynamodb": ("table",),
    "event_bridge": ("event_bus", "event_rule"),
    "event_bus": ("event_rule", "event_bridge"),
    "eventbridge": ("event_bus", "event_rule", "event_bridge"),
    "firehose": ("stream",),
    "kafka": ("msk",),
    "kinesis": ("stream",),
    "kms": ("key",),
    "n": ("number",),
    "queue": ("sqs",),
    "receive": ("consume",),
    "rw": ("read_write",),
    "s": ("string",),
    "s3": ("bucket",),
    "secrets_manager": ("secret",),
    "secretsmanager": ("secret",),
    "send": ("publish",),
    "sns": ("topic",),
    "sqs": ("queue",),
    "ssm": ("parameter",),
    "state_machine": ("step_functions",),
    "step_functions": ("state_machine",),
    "stream": ("kinesis",),
    "table": ("dynamodb", "dynamo_stream"),
    "topic": ("sns",),
}
_SOURCES: Mapping[str, frozenset[str]] = {
    pattern: frozenset(tag.tag for member in get_args(get_args(union)[0]) for tag in get_args(member)[1:])
    for pattern, union in (("event_processing", AnyEventSource), ("stream_processing", AnyStreamSource))
}
# What the CDK calls the key of a queue, a topic and everything else, and what it is called elsewhere.
_KEYS_OF_RESOURCES = ("encryption_key", "encryption_master_key", "master_key")
_KEYS_ELSEWHERE = frozenset(
    {*_KEYS_OF_RESOURCES, "kms_key", "kms_key_arn", "kms_key_id", "kms_master_key_id", "kms_master_key", "key"}
)
_KEY_LENGTH_MAX = 64


def violations(errors: list[ErrorDetails], reported: Set[Pointer]) -> list[Finding]:
    """A finding for each error that says something new.

    Left out are errors beside a wrong `kind` or `type`, as they depend on it, and those that only repeat that a
    value at one of the `reported` pointers is empty.
    """
    paths = [(error, walk(Application, error)) for error in errors]
    undecided = {path.pointer[:-1] for error, path in paths if decides_others(error, path)}
    return [
        _finding(error, path)
        for error, path in paths
        if not _is_repetition(error, path, reported)
        and (decides_others(error, path) or not is_within(path.pointer[:-1], undecided))
    ]


def _is_repetition(error: ErrorDetails, path: ModelPath, reported: Set[Pointer]) -> bool:
    if path.pointer in reported:
        return True
    if error["type"] == "LK110":  # nothing to deploy
        return any(pointer[:1] == (section,) for pointer in reported for section in CONTENTS)
    length = len(path.pointer)
    return error["type"] == "too_short" and any(pointer[:length] == path.pointer for pointer in reported)


def is_within(pointer: Pointer, parts: Set[Pointer]) -> bool:
    """Whether it is one of the parts, or a place in one."""
    return any(pointer[:length] in parts for length in range(len(pointer) + 1))


def known_keys(model: type[BaseModel]) -> list[str]:
    """The keys that a mapping of the model may have."""
    return list(model.model_fields)


def meant_key(key: str, model: type[BaseModel] | None) -> str | None:
    """The key of the model that an unknown one most likely stands for; None when none is close."""
    if model is None:
        return None
    known = known_keys(model)
    snake = snake_case(key) if len(key) <= _KEY_LENGTH_MAX else key
    keys: tuple[str, ...] = _KEYS_OF_RESOURCES if snake in _KEYS_ELSEWHERE else ()
    candidates: tuple[str | None, ...] = (snake, _OTHER_NAMES.get(snake), *keys)
    for candidate in candidates:
        if candidate in known:
            return candidate
    return nearest(key, known)


def decides_others(error: ErrorDetails, path: ModelPath) -> bool:
    """Whether the error is about the word that says which model all beside it is checked by."""
    decides = path.pointer[-1:] == (KIND,) or is_api_type(path.pointer)
    return decides and error["type"] in ("missing", "literal_error")


def _finding(error: ErrorDetails, path: ModelPath) -> Finding:
    kind = error["type"]
    context = error.get("ctx", {})
    if kind.startswith("LK"):
        return Finding(
            code=kind,
            pointer=path.pointer,
            at_key=path.at_key,
            problem=str(context["problem"]),
            hint=str(context["hint"]),
        )
    return _WORDS.get(kind, _not_allowed)(error, path)


def _missing(error: ErrorDetails, path: ModelPath) -> Finding:
    *parent, key = path.pointer
    field = path.model.model_fields[str(key)] if path.model is not None else None
    # Of a kind that is missing, the description would be that of one kind.
    says = f": {field.description}" if field is not None and field.description and key != "kind" else ""
    example = field.examples[0] if field is not None and field.examples else "…"
    hint = f"add {key}: {in_yaml(example)}"
    if key == "kind":
        hint = f"add kind: {one_of(literals(path.annotation))}"
    elif key == "routes":
        hint = f"add {key}: and at least one of them below it"
    return Finding(code="LK110", pointer=tuple(parent), problem=f"{key} is missing{says}", hint=hint)


def _unknown_key(error: ErrorDetails, path: ModelPath) -> Finding:
    key = str(path.pointer[-1])
    if path.model is SharedRoute and key in Route.model_fields:
        problem = f"{key} does not go with function: the settings are those of the function that it names"
        hint = f"leave out {key}, or leave out function"
        return Finding(code="LK121", pointer=path.pointer, at_key=True, problem=problem, hint=hint)
    close = meant_key(key, path.model)
    known = known_keys(path.model) if path.model is not None else []
    hint = f"write {close}" if close else f"keys that are known here: {', '.join(known)}"
    return Finding(
        code="LK111", pointer=path.pointer, at_key=True, problem=f"{quoted(key)} is not a known key", hint=hint
    )


def _not_a_word(error: ErrorDetails, path: ModelPath) -> Finding:
    value = error["input"]
    words = list(API_TYPES) if is_api_type(path.pointer) else literals(path.annotation)
    problem = f"{shown(value)} is not allowed, write {one_of(words)}" if words else f"{shown(value)} is not allowed"
    if not isinstance(value, str):
        problem = f"must be {one_of(words)}, not {given(value)}"
    close = meant_word(value, words) if isinstance(value, str) else None
    if (pattern := _pattern_of_source(path.pointer, value)) is not None:
        hint = f"write kind: {pattern} for the pattern, which {value} is a source of"
        return Finding(code="LK113", pointer=path.pointer, problem=problem, hint=hint)
    return Finding(code="LK113", pointer=path.pointer, problem=problem, hint=f"write {close}" if close else "")


def _pattern_of_source(pointer: Pointer, value: object) -> str | None:
    """The other kind of pattern, where the value is one of its sources."""
    match pointer, value:
        case ("patterns", _, "source", "kind"), str():
            return next((pattern for pattern, sources in _SOURCES.items() if value in sources), None)
    return None


def meant_word(value: str, words: list[str]) -> str | None:
    """The word that an unknown one most likely stands for; None when none is close."""
    others = _OTHER_WORDS.get(value.casefold().replace("-", "_"), ())
    return next((other for other in others if other in words), None) or nearest(value, words)


def is_api_type(pointer: Pointer) -> bool:
    """Whether it is the type of an API, which decides about the pattern's model, too."""
    match pointer:
        case ("patterns", _, "api", "type"):
            return True
    return False


def literals(annotation: Any) -> list[str]:
    """The words that a type of literals, or a union or `Annotated` of one, allows."""
    found = [argument for argument in get_args(annotation) if isinstance(argument, str)]
    for argument in get_args(annotation):
        if not isinstance(argument, str):
            found += literals(argument)
    return found


def _wrong_kind(allowed: str) -> Callable[[ErrorDetails, ModelPath], Finding]:
    def say(error: ErrorDetails, path: ModelPath) -> Finding:
        value = error["input"]
        return Finding(
            code="LK112",
            pointer=path.pointer,
            problem=f"must be {allowed}, not {given(value)}",
            hint=_member_hint(path, value) or _kind_hint(allowed, value),
        )

    return say


def _member_hint(path: ModelPath, value: object) -> str:
    """What to write where the kind alone stands in place of the mapping that has it."""
    for key in (KIND, TYPE) if isinstance(value, str) else ():
        if value in members_of(path.annotation, key):
            return f"write {{{key}: {value}}}"
    return ""


def members_of(annotation: Any, key: str) -> set[str]:
    """The words that the key has in the models of a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(key)
        return set(literals(field.annotation)) if field is not None else set()
    return {word for member in get_args(annotation) for word in members_of(member, key)}


def _kind_hint(allowed: str, value: object) -> str:
    if allowed == "true or false" and isinstance(value, str):
        word = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
        meant = word.get(value.casefold())
        return f"write {meant}, without quotes" if meant else ""
    if allowed == "a list" and isinstance(value, (str, int, float)):
        return f"write [{shown(value)}]"
    if allowed.startswith("a mapping"):
        return "write its keys on lines of their own, indented below it"
    return ""


def _too_few(error: ErrorDetails, path: ModelPath) -> Finding:
    return Finding(
        code="LK120",
        pointer=path.pointer,
        problem=f"must not be empty, {given(error['input'])} with nothing in it",
        hint="write at least one entry, or leave the key out",
    )


def _too_many(error: ErrorDetails, path: ModelPath) -> Finding:
    context = error["ctx"]
    most = context["max_length"]
    problem = f"{len(error['input'])} entries are given, {most} are the most"
    return Finding(code="LK120", pointer=path.pointer, problem=problem, hint=f"keep at most {most}")


def _not_allowed(error: ErrorDetails, path: ModelPath) -> Finding:
    return Finding(code="LK113", pointer=path.pointer, problem=f"{shown(error['input'])} is not allowed here")


# pydantic's type of error -> the finding. Types that begin with LK are refusals of our own.
_WORDS: Mapping[str, Callable[[ErrorDetails, ModelPath], Finding]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "literal_error": _not_a_word,
    "bool_type": _wrong_kind("true or false"),
    "list_type": _wrong_kind("a list"),
    "dict_type": _wrong_kind("a mapping"),
    "model_type": _wrong_kind("a mapping"),
    "too_short": _too_few,
    "too_long": _too_many,
}
