"""AWS Lambda systems as short YAML or CDK constructs, and a harness that runs the synthesized stacks.

The public names are loaded when they are first used, so that `import lambdakit` costs next to nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lambdakit.names_on_demand import names_on_demand

if TYPE_CHECKING:
    from lambdakit.constructs.api_backend import ApiBackend
    from lambdakit.constructs.event_processing import EventProcessing
    from lambdakit.constructs.lambda_function import LambdaFunction
    from lambdakit.constructs.stream_processing import StreamProcessing
    from lambdakit.errors import LambdakitError
    from lambdakit.session.harness import Harness

__all__ = [
    "ApiBackend",
    "EventProcessing",
    "Harness",
    "LambdaFunction",
    "LambdakitError",
    "StreamProcessing",
    "__version__",
]

__version__ = "0.1.0"

_HOMES = {
    "ApiBackend": "lambdakit.constructs.api_backend",
    "EventProcessing": "lambdakit.constructs.event_processing",
    "Harness": "lambdakit.session.harness",
    "LambdaFunction": "lambdakit.constructs.lambda_function",
    "LambdakitError": "lambdakit.errors",
    "StreamProcessing": "lambdakit.constructs.stream_processing",
}

logging.getLogger(__name__).addHandler(logging.NullHandler())

__getattr__ = names_on_demand(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
