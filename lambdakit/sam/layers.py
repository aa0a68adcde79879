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


class Layers:
    """The layers of one template. found: those of the document."""

    def __init__(self, resources: Mapping[str, Mapping[str, object]], owned: set[str], gaps: Gaps) -> None:
        self.found: dict[str, Settings] = {}
        self._resources = resources
        self._owned = owned
        self._gaps = gaps

    def names(self, properties: Properties) -> list[str]:
        """Those that a function, or all of them, names."""
        written = properties.raw("Layers")
        names = []
        for place, item in enumerate(written if isinstance(written, list) else ()):
            logical_id = referred(item)
            if logical_id is not None and self._is_layer(logical_id):
                names.append(snake_case(logical_id))
            else:
                pointer = (*properties.pointer, "Layers", place)
                hint = "copy its content, and name it under layers"
                self._gaps.add(pointer, "it is no layer of the template", hint)
        return names

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
