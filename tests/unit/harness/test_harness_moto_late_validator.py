from __future__ import annotations

import subprocess
import sys

import pytest

# In a process of its own: in this one, other tests may have loaded the validator already.
LOADED = """
import sys
from lambdakit.harness.moto_state.late_validator import validate_late
validate_late()
validate_late()
import moto.apigateway.models as models
loaded = [name for name in sys.modules if name.startswith("openapi_spec_validator")]
assert loaded == [], loaded
"""
BACKEND = """
backend = models.APIGatewayBackend("us-east-1", "123456789012")
document = {"openapi": "3.0.0", "info": {"title": "shop", "description": "", "version": "1"}, "paths": {}}
"""


def test_api_gateway_is_loaded_without_the_validator_which_is_there_when_asked_for() -> None:
    ended = run(f"{LOADED}from openapi_spec_validator import OpenAPIV30SpecValidator")

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        pytest.param("", "None", id="valid"),
        pytest.param("del document['info']['version']", "'version' is a required property", id="invalid"),
    ],
)
def test_document_that_is_imported_with_fail_on_warnings_is_validated(change: str, refusal: str) -> None:
    imported = """
try:
    backend.import_rest_api(api_doc=document, fail_on_warnings=True)
    print(None)
except models.InvalidOpenAPIDocumentException as error:
    print(error)
"""

    ended = run(f"{LOADED}{BACKEND}{change}{imported}")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert refusal in ended.stdout


def test_validator_that_is_loaded_already_is_used_as_it_is() -> None:
    ended = run(
        "import openapi_spec_validator\n"
        "from openapi_spec_validator.validation.exceptions import OpenAPIValidationError\n"
        "from lambdakit.harness.moto_state.late_validator import validate_late\n"
        "validate_late()\n"
        "import moto.apigateway.models as models\n"
        "assert models.validate is openapi_spec_validator.validate\n"
        "assert models.OpenAPIValidationError is OpenAPIValidationError\n"
    )

    assert (ended.returncode, ended.stderr) == (0, "")


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
