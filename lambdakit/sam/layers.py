"""Layers of a template, and the names by which a document's functions have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from lambdakit.sam.function_settings import Settings
from lambdakit.sam.gaps import Gaps
from lambdakit.sam.policies import referred
from lambdakit.sam.properties import Properties
from lambdakit.spec.names import snake_case
from lambdakit.spec.pointer import Pointer

_LAYER: Final = "AWS::Serverless::LayerVersion"
_SILENT: Final = (
    *("LayerName", "CompatibleRuntimes", "CompatibleArchitectures", "Description", "LicenseInfo", "RetentionPolicy"),
)
# Of arn:aws:lambda:region:account:layer:name:version
_COLONS: Final = 7
_OF_ALL: Final[Pointer] = ("Globals", "Function")


class Layers:
    """The layers of one template. found: those of the document."""

    def __init__(self, resources: Mapping[str, Mapping[str, object]], owned: set[str], gaps: Gaps) -> None:
        self.found: dict[str, Settings] = {}
        self._resources = resources
        self._owned = owned
        self._gaps = gaps
        self._apart: dict[Pointer, list[tuple[object, Pointer]]] = {}

    def names(self, properties: Properties) -> list[str]:
        """Those of the template that a function, or all of them, names. Others are kept for `apart`."""
        written = properties.raw("Layers")
        items = written if isinstance(written, list) else []
        logical_ids = [referred(item) for item in items]
        names = [snake_case(name) for name in logical_ids if name is not None and self._is_layer(name)]
        others = [place for place, name in enumerate(logical_ids) if name is None or not self._is_layer(name)]
        for place in others:
            pointer = (*properties.pointer, "Layers", place)
            if names or not _is_arn(items[place]):
                hint = "copy its content, and name it under layers"
                self._gaps.add(pointer, "it is no layer of the template", hint)
            else:
                self._apart.setdefault(properties.pointer, []).append((items[place], pointer))
        return names

    def apart(self, pointer: Pointer, *, has_named: bool) -> list[tuple[object, Pointer]]:
        """Layers of a function, and of all, that exist apart from the template, each with its place.

        pointer: of the function's properties. has_named: beside layers of the template they are gaps.
        """
        found = [*self._apart.get(_OF_ALL, ()), *self._apart.get(pointer, ())]
        if not has_named:
            return found
        for _, place in found:
            self._gaps.add(place, "it is no layer of the template", "copy its content, and name it under layers")
        return []

    def read(
        self,
        properties_of: Callable[[str], Properties],
        directory_of: Callable[[str], str],
        origins: dict[Pointer, Pointer],
    ) -> None:
        """Finds all of them. directory_of: a path of the template as the document names it."""
        for logical_id in filter(self._is_layer, self._resources):
            self._owned.add(logical_id)
            properties = properties_of(logical_id)
            content = properties.text("ContentUri")
            properties.leave(*_SILENT)
            properties.finish()
            if content is not None:
                name = snake_case(logical_id)
                self.found[name] = {"code": directory_of(content)}
                origins["layers", name] = ("Resources", logical_id)

    def _is_layer(self, logical_id: str) -> bool:
        return self._resources.get(logical_id, {}).get("Type") == _LAYER


def _is_arn(item: object) -> bool:
    """Whether it may be the ARN of a layer's version, as far as it is written."""
    if isinstance(item, str):
        return item.startswith("arn:") and item.count(":") == _COLONS
    return isinstance(item, Mapping) and len(item) == 1
