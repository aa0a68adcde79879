"""The validator of OpenAPI documents, loaded when moto validates one rather than with moto's API Gateway.

It brings pydantic and JSON Schema with it, a third of what every harness loads behind its start; moto asks it about
documents that are imported with `failOnWarnings` alone.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

_USER: Final = "moto.apigateway.models"
_VALIDATOR: Final = "openapi_spec_validator"


class InvalidDocument(Exception):
    """What is wrong with a document: stands for the validator's own error, which moto names as it is loaded."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def validate(document: Any) -> None:
    """As the validator's own. InvalidDocument when the document is not valid."""
    import openapi_spec_validator
    from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

    try:
        openapi_spec_validator.validate(document)
    except OpenAPIValidationError as error:
        raise InvalidDocument(error.message) from error


def validate_late() -> None:
    """From now on moto's API Gateway is loaded without the validator. Asking twice is asking once."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Lets the finders behind it find moto's API Gateway, and has it run with a stand-in for the validator."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's spec; None for any other."""
        if name != _USER:
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return _with_stand_in(spec)
        return None


def _with_stand_in(spec: ModuleSpec) -> ModuleSpec:
    loader = spec.loader
    if loader is not None:
        run = loader.exec_module

        def run_with_stand_in(module: ModuleType) -> None:
            with _stand_in():
                run(module)

        loader.exec_module = run_with_stand_in  # type: ignore[method-assign]  # of this module's own loader
    return spec


@contextlib.contextmanager
def _stand_in() -> Iterator[None]:
    """Within, who imports the validator gets one that is loaded later; where it is loaded already, that."""
    if _VALIDATOR in sys.modules:
        yield
        return
    package, validation, exceptions = (
        ModuleType(name) for name in (_VALIDATOR, f"{_VALIDATOR}.validation", f"{_VALIDATOR}.validation.exceptions")
    )
    vars(package).update(validate=validate, validation=validation)
    vars(validation).update(exceptions=exceptions)
    vars(exceptions).update(OpenAPIValidationError=InvalidDocument)
    modules = {module.__name__: module for module in (package, validation, exceptions)}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
