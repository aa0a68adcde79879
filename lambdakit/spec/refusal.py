"""Refusals of single values, raised inside the models and turned into findings by `violations`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, LiteralString

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from lambdakit.records import dataclass
from lambdakit.spec.wording import given, quoted, shown

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

# How the hint begins whose end is the value, as it was written.
IN_QUOTES: Final = "put it in quotes: "


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity, as unions of annotations ask for it
class Checked:
    """The annotation of a value that one function reads: `Annotated[int, Checked(read, schema)]`.

    read: written value -> value; raises a `refusal`.
    described: the JSON Schema of what may be written, or what makes it, as few ask.
    """

    read: Callable[[object], Any]
    described: Mapping[str, Any] | Callable[[], Mapping[str, Any]]

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema of what may be written."""
        return self.described() if callable(self.described) else self.described

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self.schema)


def or_none(checked: Checked) -> Checked:
    """The same, or the word `none`, which is read as None."""

    def read(value: object) -> Any:
        return None if value == "none" else checked.read(value)

    return Checked(read, lambda: {"anyOf": [dict(checked.schema), {"const": "none"}]})


def refusal(code: LiteralString, problem: str, hint: str = "") -> PydanticCustomError:
    """The error to raise for a value that is not allowed; its type is the diagnostic's code."""
    return PydanticCustomError(code, "{problem}", {"problem": problem, "hint": hint})


def wrong_type(value: object, allowed: str, hint: str = "") -> PydanticCustomError:
    """The refusal of a value of another kind than `allowed` (a noun phrase)."""
    if not hint and isinstance(value, (int, float)) and allowed.startswith("text"):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        hint = f"{IN_QUOTES}{quoted(text)}"
    return refusal("LK112", f"must be {allowed}, not {given(value)}", hint)


def whole_number(*, minimum: int, maximum: int | None = None, what: str, unit: str = "") -> Checked:
    """A whole number within bounds, both included.

    what: says whose bounds these are, as in "64 is below 128, <what>".
    unit: follows numbers in messages (` MiB`).
    """

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(value, f"a whole number{f' ({unit.strip()})' if unit else ''}")
        within(value, minimum=minimum, maximum=maximum, what=what, unit=unit)
        return value

    schema: dict[str, Any] = {"type": "integer", "minimum": minimum}
    if maximum is not None:
        schema["maximum"] = maximum
    return Checked(check, schema)


def number(*, minimum: float, maximum: float, what: str) -> Checked:
    """A number within bounds, both included. what: says whose bounds these are."""

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong_type(value, "a number")
        if not minimum <= value <= maximum:  # also what is no number at all, as .nan
            problem = f"{value:g} is outside {minimum:g} to {maximum:g}, the {what}"
            raise refusal("LK114", problem, f"write a number from {minimum:g} to {maximum:g}")
        return float(value)

    return Checked(check, {"type": "number", "minimum": minimum, "maximum": maximum})


def within(value: int, *, minimum: int, maximum: int | None, what: str, unit: str = "", text: str = "") -> None:
    """Refuses a number outside its bounds. text: the value as it was written, when that is no bare number."""
    written = text or f"{value}{unit}"
    if value < minimum:
        raise refusal(
            "LK114", f"{written} is below {minimum}{unit}, the least {what}", f"write {minimum}{unit} or more"
        )
    if maximum is not None and value > maximum:
        raise refusal("LK114", f"{written} is above {maximum}{unit}, the most {what}", f"write {maximum}{unit} or less")


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """Compiled when it is first needed: a process meets values of a few of the document's hundred patterns."""
    return re.compile(pattern)


def _mended(value: str, expression: re.Pattern[str], mend: Callable[[str], str] | None) -> str:
    """A likely correct text; empty where none comes to mind, as for what another script than Latin writes."""
    if mend is None or value.isascii():
        return mend(value) if mend is not None else ""
    parts = unicodedata.normalize("NFKD", value)
    plain = "".join(part for part in parts if unicodedata.category(part) not in ("Mn", "Cf"))
    if not plain.isascii():
        return ""
    return plain if expression.fullmatch(plain) else mend(plain)


def patterned_text(
    pattern: str,
    *,
    allowed: str,
    longest: int,
    mend: Callable[[str], str] | None = None,
    refused: Callable[[str], None] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Checked:
    """Text of a fixed form.

    pattern: anchored, the same in Python and in ECMA 262, as it goes into the schema.
    allowed: a noun phrase for messages.
    mend: makes a likely correct text from a wrong one, for the hint; what it gives is checked first.
    refused: raises for texts that match and are not allowed for another reason.
    extra: goes into the schema beside the pattern.
    """
    plain = pattern.removesuffix("$")

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise wrong_type(value, f"text: {allowed}")
        if len(value) > longest:
            raise refusal("LK115", f"{quoted(value)} has {len(value)} characters, {longest} are allowed")
        expression = _expression(plain)
        if expression.fullmatch(value) is None:
            mended = _mended(value, expression, mend)
            hint = f"write {mended}" if mended and expression.fullmatch(mended) else ""
            raise refusal("LK115", f"{shown(value)} is not {allowed}", hint)
        if refused is not None:
            refused(value)
        return value

    def schema() -> dict[str, Any]:
        # Most patterns say themselves that there is something.
        least = {"minLength": 1} if _expression(plain).fullmatch("") else {}
        return {"type": "string", "pattern": pattern, **least, "maxLength": longest, **(extra or {})}

    return Checked(check, schema)
