"""The properties of one part of a template: each is taken once, and what nobody took is a gap.

Parameters stand for their defaults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from lambdakit.sam.gaps import Gaps
from lambdakit.sam.template_file import TemplateFile
from lambdakit.spec.pointer import Pointer

_REFERENCE: Final = re.compile(r"\$\{([^}]*)\}")


class Parameters:
    """The template's parameters, by what they stand for. used: those whose defaults were taken for them."""

    def __init__(self, template: TemplateFile) -> None:
        declared = template.content.get("Parameters")
        self._defaults: dict[str, object] = {}
        self.used: set[str] = set()
        for name, parameter in declared.items() if isinstance(declared, Mapping) else ():
            if isinstance(parameter, Mapping) and isinstance(parameter.get("Default"), str | int | float | bool):
                self._defaults[name] = parameter["Default"]

    def literal(self, value: object) -> object:
        """The value with parameters replaced by their defaults; None where something else is referred to."""
        if isinstance(value, list):
            items = [self.literal(item) for item in value]
            return None if None in items else items
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            (name,) = value
            if name == "Ref":
                return self._default(str(value["Ref"]))
            if name == "Fn::Sub" and isinstance(value["Fn::Sub"], str):
                return self._substituted(value["Fn::Sub"])
            if name.startswith("Fn::") or name == "Condition":
                return None
        members = {key: self.literal(item) for key, item in value.items()}
        return None if None in members.values() else members

    def _substituted(self, text: str) -> str | None:
        names = [name for name in _REFERENCE.findall(text) if not name.startswith("!")]
        if any(name not in self._defaults for name in names):
            return None
        return _REFERENCE.sub(
            lambda found: f"${{{found[1][1:]}}}" if found[1].startswith("!") else str(self._default(found[1])), text
        )

    def _default(self, name: str) -> object:
        if name in self._defaults:
            self.used.add(name)
        return self._defaults.get(name)


def merged(general: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """What `Globals` say of all, and what one says of itself: mappings come together, all else is one's own.

    Source: AWS SAM Developer Guide, "Globals section of the AWS SAM template", Overridable globals
    """
    result = dict(general)
    for key, value in own.items():
        before = result.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping) and not (is_call(before) or is_call(value))
        result[key] = merged(before, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return result


def is_call(value: object) -> bool:
    """Whether the value is one of CloudFormation's functions."""
    return isinstance(value, Mapping) and len(value) == 1 and str(next(iter(value))).startswith(("Fn::", "Ref"))


class Properties:
    """Some properties, and where they stand."""

    def __init__(
        self,
        written: object,
        pointer: Pointer,
        *,
        gaps: Gaps,
        parameters: Parameters,
    ) -> None:
        self._written: dict[str, object] = dict(written) if isinstance(written, Mapping) else {}
        self._left = dict.fromkeys(self._written)
        self.pointer = pointer
        self.gaps = gaps
        self.parameters = parameters
        if written is not None and not isinstance(written, Mapping):
            gaps.add(pointer, "it is no mapping")

    def __contains__(self, name: str) -> bool:
        return name in self._written

    def raw(self, name: str) -> object:
        """A value as it is written, functions and all; None when it is not."""
        self._left.pop(name, None)
        return self._written.get(name)

    def below(self, name: str) -> Properties:
        """The properties within one; none when it is not written, or what a function gives only at a deployment."""
        raw = self.raw(name)
        if is_call(raw):
            raw = self._literal(name)
        return Properties(raw, (*self.pointer, name), gaps=self.gaps, parameters=self.parameters)

    def text(self, name: str) -> str | None:
        """A text; numbers and truths as they are written."""
        value = self._literal(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value)
        if value is not None:
            self._wrong(name, "a text")
        return None

    def number(self, name: str) -> int | None:
        """A whole number."""
        value = self._literal(name)
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value):
            return int(value)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self._wrong(name, "a whole number")
        return None

    def truth(self, name: str) -> bool | None:
        """True or false."""
        value = self._literal(name)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if value is None or isinstance(value, bool):
            return value
        self._wrong(name, "true or false")
        return None

    def value(self, name: str) -> object:
        """Anything that holds no functions."""
        return self._literal(name)

    def texts(self, name: str) -> list[str] | None:
        """A list of texts; one alone is a list of one."""
        value = self._literal(name)
        if isinstance(value, str):
            return [value]
        if value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            return value
        self._wrong(name, "a list of texts")
        return None

    def gap(self, name: str, problem: str, hint: str = "") -> None:
        """Notes that a property is not carried over."""
        self._left.pop(name, None)
        self.gaps.add((*self.pointer, name), problem, hint)

    def leave(self, *names: str) -> None:
        """Properties that say nothing a document would have to say."""
        for name in names:
            self._left.pop(name, None)

    def rest(self) -> dict[str, object]:
        """What nobody took, as it is written, functions and all; it is taken now."""
        left, self._left = dict(self._left), {}
        return {name: self._written[name] for name in left}

    def finish(self, hint: Callable[[str], str] = lambda name: "") -> None:
        """Notes everything that nobody took."""
        for name in list(self._left):
            self.gap(name, "not carried over", hint(name))

    def _literal(self, name: str) -> object:
        raw = self.raw(name)
        if raw is None:
            return None
        value = self.parameters.literal(raw)
        if value is None:
            self.gap(name, "its value is known only when the template is deployed")
        return value

    def _wrong(self, name: str, allowed: str) -> None:
        self.gap(name, f"it is not {allowed}")
