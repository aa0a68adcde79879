"""What a function's policies let it do, as the access and the targets of its pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from lambdakit.sam.function_settings import Settings
from lambdakit.sam.gaps import Gaps
from lambdakit.sam.placed import Placed
from lambdakit.sam.policies import Access
from lambdakit.sam.properties import Properties
from lambdakit.sam.shared_resources import table_overrides
from lambdakit.sam.tables import SIMPLE_TABLE, TABLE, table_settings
from lambdakit.spec.names import snake_case
from lambdakit.spec.pointer import Pointer

_TARGET_TYPES: Final = {
    "dynamodb": (SIMPLE_TABLE, TABLE),
    "s3": ("AWS::S3::Bucket",),
    "sqs": ("AWS::SQS::Queue",),
    "sns": ("AWS::SNS::Topic",),
}


class Grants:
    """Gives functions what their policies say: a pattern's own table and targets, and the document's resources.

    owned: the logical ids that a pattern has, to which those given are added. origins: as in the reading of a template.
    names: of the template's resources, those of the document's. lay: lays a property over a part of the document.
    """

    def __init__(
        self,
        resources: Mapping[str, Mapping[str, object]],
        owned: set[str],
        properties_of: Callable[[str], Properties],
        gaps: Gaps,
        origins: dict[Pointer, Pointer],
        names: Mapping[str, str],
        lay: Callable[[Settings, str, list[str], object, Pointer], None],
    ) -> None:
        self._resources = resources
        self._owned = owned
        self._properties_of = properties_of
        self._gaps = gaps
        self._origins = origins
        self._names = names
        self._lay = lay
        self._tables: dict[str, str] = {}

    def table_of(self, key: str) -> str | None:
        """The logical id of the table of a pattern; None without one."""
        return self._tables.get(key)

    def give(self, home: str | None, placed: Placed, granted: Sequence[Access]) -> Iterator[Access]:
        """Gives the function what a document has words for, and yields what is left. home: its pattern's key."""
        for access in granted:
            name = self._names.get(access.logical_id)
            if name is not None:
                if not (placed.kind == "api_backend" and self._named_table(home or "", placed, access, name)):
                    self._grant(placed, name, access)
            elif placed.kind == "api_backend":
                if not self._table_access(home or "", placed.owner, placed.logical_id, access):
                    yield access
            elif home is None or not self._target(placed.owner, access):
                yield access

    def _grant(self, placed: Placed, name: str, access: Access) -> None:
        grants = placed.settings.setdefault("grants", {})
        assert isinstance(grants, dict)
        before = grants.get(name)
        both = {before, access.access}
        if before is None or before == access.access:
            grants[name] = access.access
        elif both <= {"read", "write", "read_write", "read_write_delete"}:
            grants[name] = "read_write_delete" if "read_write_delete" in both else "read_write"
        else:
            place: Pointer = ("Resources", placed.logical_id, "Properties", "Policies", *access.place)
            problem = f"a document's function is granted one thing with {name}, and this one {before}s"
            self._gaps.add(place, f"{problem}: {access.access} is not carried over")

    def _named_table(self, key: str, placed: Placed, access: Access, name: str) -> bool:
        """Whether the table is that of the function's API: the first that one of its functions uses."""
        if access.kind != "dynamodb":
            return False
        if key not in self._tables:
            routes = placed.owner.pop("routes")
            placed.owner.update({"table": name, "routes": routes})
            self._tables[key] = access.logical_id
        return self._tables[key] == access.logical_id and self._write_access(placed.owner, placed.logical_id, access)

    def _table_access(self, key: str, pattern: Settings, logical_id: str, access: Access) -> bool:
        if access.kind != "dynamodb" or access.logical_id not in self._resources:
            return False
        if self._tables.get(key) is None and not self._take_table(key, pattern, access.logical_id):
            return False
        if self._tables.get(key) != access.logical_id:
            return False
        return self._write_access(pattern, logical_id, access)

    def _write_access(self, pattern: Settings, logical_id: str, access: Access) -> bool:
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
        properties = self._properties_of(table)
        settings = table_settings(kind, properties)
        if settings is None:
            return False
        for name, value in table_overrides(properties).items():
            self._lay(pattern, "Table", [name], value, ("Resources", table, "Properties", name))
        self._owned.add(table)
        self._tables[key] = table
        routes = pattern.pop("routes")
        pattern |= {"table": settings, "routes": routes}
        self._origins["patterns", key, "table"] = ("Resources", table)
        return True

    def _target(self, pattern: Settings, access: Access) -> bool:
        name = access.logical_id
        if name not in self._resources:
            return False
        kind = str(self._resources[name].get("Type"))
        if kind not in _TARGET_TYPES[access.kind] or name in self._owned:
            return False
        target: Settings = {"kind": access.kind}
        properties = self._properties_of(name)
        if access.kind == "dynamodb":
            table = table_settings(kind, properties)
            if table is None:
                return False
            target |= table
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
