"""Whether what `synth --check` needs is installed: the base installation checks by the CDK's own validation alone."""

from __future__ import annotations

import importlib.util
from typing import Final

from lambdakit.errors import Diagnostic, SynthesisError

# By the name of the distribution.
_NEEDED: Final = {"cdk-nag": "cdk_nag", "cfn-lint": "cfnlint"}


def require_checks() -> None:
    """SynthesisError naming the packages that are missing."""
    missing = [name for name, module in _NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        problem = f"the checks need {' and '.join(missing)}, which the base installation leaves out"
        raise SynthesisError(Diagnostic(problem=problem, code="LK424", hint='pip install "lambdakit[check]"'))
