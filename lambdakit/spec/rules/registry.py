"""Every rule across fields, in the order in which they run."""

from __future__ import annotations

from typing import Final

from lambdakit.spec.rules.concurrency import concurrency
from lambdakit.spec.rules.cors_credentials import cors_credentials
from lambdakit.spec.rules.derived_names import derived_names
from lambdakit.spec.rules.environment_size import environment_size
from lambdakit.spec.rules.function_names import function_names
from lambdakit.spec.rules.function_references import function_references
from lambdakit.spec.rules.layer_references import layer_references
from lambdakit.spec.rules.output_names import output_names
from lambdakit.spec.rules.python_handlers import python_handlers
from lambdakit.spec.rules.route_conflicts import route_conflicts
from lambdakit.spec.rules.rule import Rule
from lambdakit.spec.rules.source_directories import source_directories
from lambdakit.spec.rules.table_access import table_access
from lambdakit.spec.rules.table_keys import table_keys

RULES: Final[tuple[Rule, ...]] = (
    function_names,
    derived_names,
    function_references,
    layer_references,
    table_access,
    table_keys,
    route_conflicts,
    environment_size,
    concurrency,
    cors_credentials,
    source_directories,
    python_handlers,
    output_names,
)
