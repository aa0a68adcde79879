"""Rules of checks that name resources, `AwsSolutions-IAM5[Resource::<ordersTable5F3A.Arn>/*]`, by the document's names.

Logical ids are made up by the CDK, and change when a construct moves; names and paths of constructs are the user's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lambdakit.spec.construct_paths import construct_paths, named_path, short_path
from lambdakit.spec.stacks import parts_in, stacks_of

if TYPE_CHECKING:
    from lambdakit.spec.document import Document

# Source: cdk-nag 3.0.2, src/utils/flatten-cfn-reference.ts: `<logicalId.Attribute>`, and `<logicalId>` for a Ref
_NAMED: Final = re.compile(r"<([^<>]+)>")


class NamedRules:
    """Rules that are said of stacks of one assembly. documents: by the stacks' names."""

    def __init__(self, assembly: Path, documents: Mapping[str, Document]) -> None:
        self._assembly = assembly
        self._documents = documents
        self._paths = cache(self._read_paths)

    def said(self, construct_path: str, rule: str) -> str:
        """The rule as the document would say it. construct_path: of what the finding is about."""
        stack = construct_path.partition("/")[0]
        names = {short_path(path): name for name, path in self._places(stack).items()}
        paths = self._paths(stack)
        return _replaced(rule, lambda each: names.get(path := paths[each], path) if each in paths else each)

    def is_among(self, construct_path: str, rule: str, written: Iterable[str]) -> bool:
        """Whether the rule is one of those that the document wrote, by whichever name it has for a resource."""
        stack = construct_path.partition("/")[0]
        return any(rule == each or self._by_paths(stack, rule) == self._by_paths(stack, each) for each in written)

    def _by_paths(self, stack: str, rule: str) -> str:
        document, paths = self._documents.get(stack), self._paths(stack)
        patterns = {} if document is None else document.application.patterns
        places = self._places(stack)
        return _replaced(rule, lambda each: paths[each] if each in paths else named_path(each, places, patterns))

    def _places(self, stack: str) -> Mapping[str, str]:
        document = self._documents.get(stack)
        if document is None:
            return {}
        own = next((each for each in stacks_of(document.application) if document.stack_called(each) == stack), "")
        return construct_paths(parts_in(document.application, own))

    def _read_paths(self, stack: str) -> Mapping[str, str]:
        """By logical id, the path within the stack of each of its resources."""
        try:
            template: dict[str, Any] = json.loads((self._assembly / f"{stack}.template.json").read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return {
            logical_id: short_path(str(path).partition("/")[2])
            for logical_id, resource in template.get("Resources", {}).items()
            if (path := resource.get("Metadata", {}).get("aws:cdk:path"))
        }


def _replaced(rule: str, replace: Callable[[str], str]) -> str:
    def replaced(found: re.Match[str]) -> str:
        dot = found[1].find(".", found[1].rfind("/") + 1)
        name, attribute = (found[1], "") if dot < 0 else (found[1][:dot], found[1][dot:])
        return f"<{replace(name)}{attribute}>"

    return _NAMED.sub(replaced, rule)
