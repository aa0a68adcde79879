"""What the scenarios share: a compiler that is warm from the first document on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lambdakit.compiler.synthesize import Compiler


@pytest.fixture(scope="session")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compiler]:
    with Compiler(validation=False, cache_directory=tmp_path_factory.mktemp("cache")) as compiler:
        yield compiler
