"""What several parts of a template name, as the document's `resources`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lambdakit.sam.function_settings import Settings
from lambdakit.sam.gaps import Gaps
from lambdakit.sam.grants import function_name
from lambdakit.sam.properties import Properties
from lambdakit.sam.raw_parts import RawParts
from lambdakit.sam.shared_resources import KIND_WORDS, resource_settings
from lambdakit.sam.uses import FUNCTION, Uses
from lambdakit.spec.names import snake_case
from lambdakit.spec.pointer import Pointer


class Sharing:
    """The shared resources of one template. found: by name. names: of each logical id the name."""

    def __init__(
        self,
        resources: Mapping[str, Mapping[str, object]],
        uses: Uses,
        owned: set[str],
        raw: RawParts,
        gaps: Gaps,
    ) -> None:
        self.found: dict[str, Settings] = {}
        self.names: dict[str, str] = {}
        self._resources = resources
        self._uses = uses
        self._owned = owned
        self._raw = raw
        self._gaps = gaps

    def read(self, properties_of: Callable[[str], Properties], origins: dict[Pointer, Pointer]) -> None:
        """Finds all of them, which are then owned."""
        self._name()
        # A queue that takes another's letters has its name before the other asks for it.
        for logical_id, name in list(self.names.items()):
            made = resource_settings(self._type(logical_id), properties_of(logical_id), self._letters)
            if made is None:
                del self.names[logical_id]
                continue
            self._owned.add(logical_id)
            self.found[name], laid = made
            self._beside(logical_id, self.found[name])
            origins["resources", name] = ("Resources", logical_id)
            self._raw.names[logical_id] = name
            for key, value in laid.items():
                place: Pointer = ("Resources", logical_id, "Properties", key)
                self._raw.lay(self.found[name], ".", [key], value, place)

    def _name(self) -> None:
        functions = {function_name(name) for name in self._resources if self._type(name) == FUNCTION}
        for logical_id in self._resources:
            if self._uses.is_shared(logical_id):
                name = snake_case(logical_id)
                is_taken = name in functions or name in self.names.values()
                self.names[logical_id] = f"{name}_{KIND_WORDS[self._type(logical_id)]}" if is_taken else name

    def _letters(self, logical_id: str) -> str | None:
        if logical_id not in self.names and logical_id in self._resources and self._uses.is_letters_only(logical_id):
            # A new one stands for it.
            self._owned.add(logical_id)
        return self.names.get(logical_id)

    def _beside(self, logical_id: str, settings: Settings) -> None:
        """What stands beside a resource's properties. A document keeps tables and buckets, whatever is said."""
        for attribute in ("Condition", "DependsOn", "UpdatePolicy", "CreationPolicy"):
            if attribute in self._resources[logical_id]:
                self._gaps.add(("Resources", logical_id, attribute), "not carried over")
        if self._resources[logical_id].get("DeletionPolicy") == "Retain" and settings["kind"] in ("queue", "stream"):
            settings["removal_policy"] = "retain"

    def _type(self, logical_id: str) -> str:
        return str(self._resources[logical_id].get("Type"))
