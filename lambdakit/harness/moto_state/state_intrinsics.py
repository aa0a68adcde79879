"""Intrinsic functions of state machines, where moto's interpreter misreads them.

Its grammar knows no `null` and no decimal number, ends a text at an escaped apostrophe and passes over what it does not
know; its `States.Format` is Python's `format`, and its random numbers include the end.

In: the text of a call. Out: moto's own components, from a reader of ours.
Private surface used: of `moto.stepfunctions.parser.asl` `parse.intrinsic.intrinsic_parser.IntrinsicParser.parse`, the
classes of `component.intrinsic.argument.argument`, `StatesFunctionFactory.from_name`, `StatesFunctionName`,
`StatesFunctionNameType`, `StringVariableSample`, `StringFormat` with `_eval_body`, `_to_str_repr` and `argument_list`,
and `MathRandom` with the module's `random`.
Canary: tests/behaviour/test_behaviour_state_machine_paths.py.

Source: Amazon States Language specification, "Intrinsic functions" and "Appendix B: List of Intrinsic Functions"
(escapes; `States.Array('Foo', 2020, $.someJson, null)`); AWS Step Functions Developer Guide, "Intrinsic functions"
(`States.MathRandom`: the start is inclusive, the end exclusive), "Handling errors" (`States.IntrinsicFailure`).
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.moto_state.state_errors import failure

_NAME: Final = re.compile(r"\s*States\.([A-Za-z0-9]+)\s*\(\s*")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?(?=\s*[,)])")
_WORD: Final = re.compile(r"(true|false|null)(?=\s*[,)])")
_TEXT: Final = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_BETWEEN: Final = re.compile(r"\s*([,)])\s*")
_WORDS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}
_FAILURES: Final = (ValueError, TypeError, LookupError, ArithmeticError)
_NESTED_MAX: Final = 10  # DG "Intrinsic functions": "You can nest up to 10 intrinsic functions within a field"
# What stands for an escaped brace until a template is filled.
_OPEN, _CLOSE = "\ue000", "\ue001"


def changes_of_intrinsics(interpreter: str) -> Mapping[str, Callable[[Any], None]]:
    """What is done to which of moto's modules. interpreter: the package's name, with its dot."""
    functions = f"{interpreter}asl.component.intrinsic.function.statesfunction"
    return {
        f"{interpreter}asl.parse.intrinsic.intrinsic_parser": _read_here,
        f"{functions}.generic.string_format": _fill_here,
        f"{functions}.math_operations.math_random": _leave_out_the_end,
    }


class _Call:
    """Reads one call, with those within it, into moto's components."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> Any:
        """The function. ValueError for what is none."""
        function = self._function(1)
        if self._text[self._at :].strip():
            raise self._misfit()
        return function

    def _function(self, depth: int) -> Any:
        from moto.stepfunctions.parser.asl.component.intrinsic.argument.argument import ArgumentList
        from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.factory import (
            StatesFunctionFactory,
        )
        from moto.stepfunctions.parser.asl.component.intrinsic.functionname.state_function_name_types import (
            StatesFunctionNameType,
        )
        from moto.stepfunctions.parser.asl.component.intrinsic.functionname.states_function_name import (
            StatesFunctionName,
        )

        name = self._took(_NAME)
        known = None if name is None else StatesFunctionNameType.__members__.get(name[1])
        if known is None or depth > _NESTED_MAX:
            raise self._misfit()
        arguments = self._arguments(depth, is_template=known is StatesFunctionNameType.Format)
        return StatesFunctionFactory.from_name(
            func_name=StatesFunctionName(function_type=known), argument_list=ArgumentList(arguments=arguments)
        )

    def _arguments(self, depth: int, *, is_template: bool) -> list[Any]:
        arguments: list[Any] = []
        if self._text[self._at : self._at + 1] == ")":
            self._at += 1
            return arguments
        while True:
            arguments.append(self._argument(depth, is_template=is_template and not arguments))
            mark = self._took(_BETWEEN)
            if mark is None:
                raise self._misfit()
            if mark[1] == ")":
                return arguments

    def _argument(self, depth: int, *, is_template: bool) -> Any:
        from moto.stepfunctions.parser.asl.component.intrinsic.argument.argument import (
            ArgumentFunction,
            ArgumentLiteral,
        )

        text, number, word = self._took(_TEXT), self._took(_NUMBER), self._took(_WORD)
        if text is not None:
            return ArgumentLiteral(definition_value=_unescaped(text[1], is_template=is_template))
        if number is not None:
            return ArgumentLiteral(definition_value=float(number[0]) if number[1] or number[2] else int(number[0]))
        if word is not None:
            return ArgumentLiteral(definition_value=_WORDS[word[1]])
        if self._text.startswith("$", self._at):
            return _path_argument(self._path())
        return ArgumentFunction(function=self._function(depth + 1))

    def _path(self) -> str:
        """A path to its end: a comma or a parenthesis that is in no bracket and in no quotes."""
        start, depth, quote = self._at, 0, ""
        for at in range(start, len(self._text)):
            letter = self._text[at]
            if quote:
                quote = "" if letter == quote and self._text[at - 1] != "\\" else quote
            elif letter in "'\"":
                quote = letter
            elif letter in "[(":
                depth += 1
            elif letter in "])" and depth:
                depth -= 1
            elif letter in ",)":
                self._at = at
                return self._text[start:at].rstrip()
        raise self._misfit()

    def _took(self, form: re.Pattern[str]) -> re.Match[str] | None:
        match = form.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return match

    def _misfit(self) -> ValueError:
        return ValueError(f"'{self._text}' is not a valid intrinsic function call: {self._text[self._at :]!r}")


def _path_argument(path: str) -> Any:
    from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
    from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringVariableSample
    from moto.stepfunctions.parser.asl.component.intrinsic.argument.argument import (
        ArgumentContextPath,
        ArgumentJsonPath,
        ArgumentVar,
    )

    if path.startswith("$$"):
        return ArgumentContextPath(context_path=path)
    if path == "$" or path[1] in ".[":
        return ArgumentJsonPath(json_path=path)
    sample = StringVariableSample(query_language_mode=QueryLanguageMode.JSONPath, expression=path)
    return ArgumentVar(string_variable_sample=sample)


def _unescaped(text: str, *, is_template: bool) -> str:
    r"""A text without its escapes: `\'`, `\{`, `\}` and `\\`; what else follows a backslash stays, as moto has it."""
    meant = {"'": "'", "\\": "\\", "{": _OPEN if is_template else "{", "}": _CLOSE if is_template else "}"}
    others = {"n": "\n", "t": "\t", "r": "\r", '"': '"'}
    return re.sub(r"\\(.)", lambda match: (meant | others).get(match[1], match[1]), text, flags=re.DOTALL)


def _read_here(module: Any) -> None:
    @functools.wraps(module.IntrinsicParser.parse)
    def parse(src: str) -> tuple[Any, Any]:
        text = _decoded(src)
        function = _Call(text).read()
        function._eval_body = functools.partial(_evaluate, function._eval_body, text)
        return function, None

    module.IntrinsicParser.parse = staticmethod(parse)


def _evaluate(own: Callable[[Any], None], text: str, env: Any) -> None:
    """What goes wrong in a function has an error of its own; the words before what it was are not confirmed."""
    try:
        own(env)
    except _FAILURES as failed:
        raise failure(
            env, "States.IntrinsicFailure", f"The function '{text}' had the following error: {failed}"
        ) from None


def _decoded(text: str) -> str:
    """A string of the definition's JSON, which moto hands on between its quotes as it is written."""
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _fill_here(module: Any) -> None:
    def eval_body(self: Any, env: Any) -> None:
        self.argument_list.eval(env=env)
        template, *values = env.stack.pop()
        parts = str(template).split("{}")
        if len(parts) != len(values) + 1:
            raise ValueError(f"States.Format has {len(values)} values for {len(parts) - 1} places")
        texts = [*map(self._to_str_repr, values), ""]
        filled = "".join(_braced(part) + text for part, text in zip(parts, texts, strict=True))
        env.stack.append(filled)

    module.StringFormat._eval_body = eval_body


def _braced(part: str) -> str:
    return part.replace(_OPEN, "{").replace(_CLOSE, "}")


def _leave_out_the_end(module: Any) -> None:
    class Numbers(random.Random):
        def randint(self, a: int, b: int) -> int:
            return self.randrange(a, b)

    class Module:
        Random = Numbers

    module.random = Module
