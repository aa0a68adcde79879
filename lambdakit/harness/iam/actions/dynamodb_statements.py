"""What a PartiQL statement does to which table.

Source: DynamoDB Developer Guide, "PartiQL for DynamoDB" (the statements' syntax) and "IAM security policies with
PartiQL for DynamoDB" (the actions).
"""

from __future__ import annotations

import re
from typing import Final

from lambdakit.records import dataclass

_LENGTH_MAX: Final = 8192  # API Reference, "ExecuteStatement": Statement
_NAME = r"""(?:"(?P<quoted>[^"]+)"|(?P<plain>[\w.\-]+?))(?:\s*\.\s*(?:"(?P<index>[^"]+)"|(?P<plain_index>[\w\-]+)))?"""
_FORMS: Final = (
    (
        "PartiQLSelect",
        re.compile(rf"\s*(?:EXISTS\s*\(\s*)?SELECT\b.*?\bFROM\s+{_NAME}(?=[\s;)]|$)(?P<rest>.*)", re.I | re.S),
    ),
    ("PartiQLInsert", re.compile(rf"\s*INSERT\s+INTO\s+{_NAME}(?=[\s;{{]|$)(?P<rest>.*)", re.I | re.S)),
    ("PartiQLUpdate", re.compile(rf"\s*UPDATE\s+{_NAME}(?=[\s;]|$)(?P<rest>.*)", re.I | re.S)),
    ("PartiQLDelete", re.compile(rf"\s*DELETE\s+FROM\s+{_NAME}(?=[\s;]|$)(?P<rest>.*)", re.I | re.S)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement. action: such as `PartiQLSelect`. index: empty when it speaks of the table itself."""

    action: str
    table: str
    index: str
    rest: str

    def names(self, partition_key: str) -> bool:
        """Whether its WHERE asks for values of the partition key: without, the whole table is read."""
        if not partition_key:
            return "where" in self.rest.lower()
        name = re.escape(partition_key)
        return re.search(rf"""\bWHERE\b.*?(?<![\w.])"?{name}"?\s*(?:=|IN\b)""", self.rest, re.I | re.S) is not None


def read_statement(text: str) -> Statement | None:
    """What `text` does; None for what is no statement."""
    for action, form in _FORMS:
        match = form.match(text[:_LENGTH_MAX])
        if match is not None:
            table = match["quoted"] or match["plain"]
            index = match["index"] or match["plain_index"] or ""
            return Statement(action=action, table=table, index=index, rest=match["rest"])
    return None
