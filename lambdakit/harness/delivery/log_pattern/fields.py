"""Space-delimited patterns: `[ip, user, ..., request=*.html*, status_code=4*, bytes > 1000]`.

The fields of a line are its words, what stands in brackets or quotes being one. A last field without a condition takes
all words that are left, as the `event` of `[timestamp=*Z, request_id="*-*", event]` does.

Source: Amazon CloudWatch Logs User Guide, "Using filter patterns to match terms in space-delimited log events".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lambdakit.harness.delivery.log_pattern.conditions import read_condition, read_number
from lambdakit.harness.delivery.log_pattern.scanner import InvalidLogPattern, Scanner
from lambdakit.records import dataclass

_NAME: Final = re.compile(r"[A-Za-z0-9_\-]+")
_FIELD: Final = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')

Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a pattern. name: empty for one without. test: None without a condition."""

    name: str
    test: Test | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """A pattern for lines of fields. ellipsis: before how many fields any number may stand; None without one."""

    fields: Sequence[Field]
    ellipsis: int | None

    def extract(self, message: str) -> Mapping[str, str] | None:
        """The values of the line's fields by name, or by number where they have none; None when it is not meant."""
        found = list(_FIELD.finditer(message))
        values = [next(group for group in field.groups() if group is not None) for field in found]
        missing = len(values) - len(self.fields)
        if missing < 0:
            return None
        names = [field.name for field in self.fields]
        tests = [field.test for field in self.fields]
        if self.ellipsis is not None:
            names[self.ellipsis : self.ellipsis] = [""] * missing
            tests[self.ellipsis : self.ellipsis] = [None] * missing
        elif missing:
            if not tests or tests[-1] is not None:
                return None
            last = len(tests) - 1
            values[last:] = [message[found[last].start() :].strip()]
        if not all(test is None or test(value) for test, value in zip(tests, values, strict=True)):
            return None
        return {name or str(at): value for at, (name, value) in enumerate(zip(names, values, strict=True), start=1)}

    def match(self, message: str) -> bool:
        """Whether a line is meant."""
        return self.extract(message) is not None


def read_fields(text: str) -> Fields:
    """The pattern of a text in brackets. InvalidLogPattern."""
    scanner = Scanner(text)
    scanner.need("[")
    fields: list[Field] = []
    ellipsis: int | None = None
    while True:
        if scanner.take("...", "…"):
            if ellipsis is not None:
                raise InvalidLogPattern("Invalid filter pattern")
            ellipsis = len(fields)
        else:
            fields.append(_field(scanner))
        if not scanner.take(","):
            break
    scanner.need("]")
    if not scanner.is_at_end:
        raise scanner.unexpected()
    return Fields(fields=fields, ellipsis=ellipsis)


def _field(scanner: Scanner) -> Field:
    name = scanner.match(_NAME)
    condition = read_condition(scanner)
    if condition is None:
        return Field(name=name, test=None)
    alternatives = [[condition]]
    while joined := scanner.take("&&", "||"):
        scanner.match(_NAME)
        following = read_condition(scanner)
        if following is None:
            raise scanner.unexpected()
        if joined == "||":
            alternatives.append([])
        alternatives[-1].append(following)

    def test(value: str) -> bool:
        number = read_number(value)
        return any(all(asked.holds(value, number) for asked in group) for group in alternatives)

    return Field(name=name, test=test)
