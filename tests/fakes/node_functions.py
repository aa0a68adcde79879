"""Functions in JavaScript, for the tests of the Node.js runtimes."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from tests.fakes.function_host import FunctionHost

OLD = "nodejs22.x"  # the last one with callbacks
NEW = "nodejs24.x"
BOTH = (OLD, NEW)


def node_function(
    host: FunctionHost, files: str | Mapping[str, str], *, runtime: str = NEW, **settings: Any
) -> FunctionConfiguration:
    """A function whose package holds `files`; a text alone is `app.mjs`, an ES module."""
    function = host.function("", runtime=runtime, **settings)
    for name, text in ({"app.mjs": files} if isinstance(files, str) else files).items():
        path = function.code / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return function
