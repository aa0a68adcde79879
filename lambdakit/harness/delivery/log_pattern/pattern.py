"""A pattern of CloudWatch Logs, compiled: what subscription filters, metric filters and searches ask of a line.

Source: Amazon CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log
events, and Live Tail".
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

from lambdakit.harness.delivery.log_pattern.documents import Documents, read_document, read_documents, text_of
from lambdakit.harness.delivery.log_pattern.fields import Fields, read_fields
from lambdakit.harness.delivery.log_pattern.scanner import InvalidLogPattern, Scanner
from lambdakit.harness.delivery.log_pattern.selector import Selector, read_selector
from lambdakit.harness.delivery.log_pattern.terms import Terms, read_terms
from lambdakit.records import dataclass

# "There is a limit of 2 regex for each filter pattern when creating a delimited or JSON filter pattern."
_REGEXES_MAX: Final = 2
_KEPT: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPattern:
    """What is asked of a line."""

    form: Terms | Documents | Fields

    def matches(self, message: str) -> bool:
        """Whether a line is meant."""
        return self.form.match(message)

    def fields(self, message: str) -> Mapping[str, str]:
        """The fields of a line that is meant, by name or number; none unless the pattern names fields."""
        found = self.form.extract(message) if isinstance(self.form, Fields) else None
        return {} if found is None else found

    def values(self, message: str) -> Mapping[str, str]:
        """What TestMetricFilter extracts from a line that is meant: `$name` or `$.selector` -> value."""
        if isinstance(self.form, Documents):
            found = {selector.text: _value(selector, message) for selector in self.form.selectors}
            return {text: value for text, value in found.items() if value is not None}
        return {f"${name}": value for name, value in self.fields(message).items()}

    def value(self, reference: str, message: str) -> str | None:
        """What a metric filter refers to as `$.selector` or `$field`; None where a line has no such value."""
        if isinstance(self.form, Documents) and reference.startswith("$"):
            return _value(read_selector(Scanner(reference)), message)
        return self.values(message).get(reference)


@functools.lru_cache(maxsize=_KEPT)
def compile_log_pattern(text: str) -> LogPattern:
    """The pattern of a text; the empty one means every line. InvalidLogPattern."""
    given = text.strip()
    if given.startswith("{"):
        form: Terms | Documents | Fields = read_documents(given)
    elif given.startswith("["):
        form = read_fields(given)
    else:
        return LogPattern(form=read_terms(given))
    if given.count("%") > 2 * _REGEXES_MAX:
        raise InvalidLogPattern("Invalid filter pattern")
    return LogPattern(form=form)


def _value(selector: Selector, message: str) -> str | None:
    texts = (text_of(value) for value in selector.find(read_document(message)))
    return next((text for text in texts if text is not None), None)
