"""What a function's policies let it do, as the access and the targets of its pattern."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lambdakit.sam.function_settings import Settings
from lambdakit.sam.gaps import Gaps
from lambdakit.sam.policies import Access
from lambdakit.sam.properties import Properties
from lambdakit.sam.tables import SIMPLE_TABLE, TABLE, table_settings
from lambdakit.spec.names import snake_case
from lambdakit.spec.pointer import Pointer

_TARGET_TYPES: Final = {
    "dynamodb": (SIMPLE_TABLE, TABLE),
    "s3": ("AWS::S3::Bucket",),
    "sqs": ("AWS::SQS::Queue",),
    "sns": ("AWS::SNS::Topic",),
}

# Kind of a target -> where a function of a document finds its name.
VARIABLES: Final = {
    "dynamodb": "the document gives the table's name as TABLE_NAME, that of a target with the target's name before it",
    "s3": "the document gives it as <TARGET>_BUCKET_NAME",
    "sqs": "the document gives it as <TARGET>_QUEUE_URL",
    "sns": "the document gives it as <TARGET>_TOPIC_ARN",
}


class Grants:
    """Gives tables and targets to patterns, each to the first that has it.

    owned: the logical ids that a pattern has, to which those given are added. origins: as in the reading of a template.
    """

    def __init__(
        self,
        resources: Mapping[str, Mapping[str, object]],
        owned: set[str],
        properties_of: Callable[[str], Properties],
        gaps: Gaps,
        origins: dict[Pointer, Pointer],
    ) -> None:
        self._resources = resources
        self._owned = owned
        self._properties_of = properties_of
        self._gaps = gaps
        self._origins = origins
        self._tables: dict[str, str] = {}

    def give(self, key: str, pattern: Settings, logical_id: str, granted: Sequence[Access]) -> None:
        """Gives the function what its policies say, as far as its pattern has it. key: the pattern's."""
        for access in granted:
            pointer: Pointer = ("Resources", logical_id, "Properties", "Policies", access.place)
            done = (
                self._table_access(key, pattern, logical_id, access)
                if pattern["kind"] == "api_backend"
                else self._target(pattern, access)
            )
            if not done:
                self._gaps.add(
                    pointer, f"access to {access.logical_id} is not carried over: the pattern has none like it"
                )

    def _table_access(self, key: str, pattern: Settings, logical_id: str, access: Access) -> bool:
        if access.kind != "dynamodb" or access.logical_id not in self._resources:
            return False
        if self._tables.get(key) is None and not self._take_table(key, pattern, access.logical_id):
            return False
        if self._tables.get(key) != access.logical_id:
            return False
        routes = pattern["routes"]
        assert isinstance(routes, dict)
        name = function_name(logical_id)
        for route in routes.values():
            if route.get("name") == name:
                before = route.get("table_access")
                route["table_access"] = access.access if before in (None, access.access) else "read_write"
        return True

    def _take_table(self, key: str, pattern: Settings, table: str) -> bool:
        kind = str(self._resources[table].get("Type"))
        if kind not in _TARGET_TYPES["dynamodb"] or table in self._owned:
            return False
        settings = table_settings(kind, self._properties_of(table))
        if settings is None:
            return False
        self._owned.add(table)
        self._tables[key] = table
        routes = pattern.pop("routes")
        pattern |= {"table": settings, "routes": routes}
        self._origins["patterns", key, "table"] = ("Resources", table)
        return True

    def _target(self, pattern: Settings, access: Access) -> bool:
        name = access.logical_id
        kind = str(self._resources[name].get("Type")) if name in self._resources else ""
        if kind not in _TARGET_TYPES[access.kind] or name in self._owned:
            return False
        target: Settings = {"kind": access.kind}
        properties = self._properties_of(name)
        if access.kind == "dynamodb":
            table = table_settings(kind, properties)
            if table is None:
                return False
            target |= table
            if access.access == "read":
                self._gaps.add(("Resources", name), "a target is written to: the function may do that, too")
        else:
            properties.finish()
        if access.access == "read_write":
            target["access"] = "read_write"
        self._owned.add(name)
        targets = pattern.setdefault("targets", {})
        assert isinstance(targets, dict)
        targets[snake_case(name)] = target
        return True


def function_name(logical_id: str) -> str:
    """What the document calls a function."""
    name = snake_case(logical_id)
    return name.removesuffix("_function") or name
