"""How a function's boto3 reaches an API by its host on AWS: the connection is led to the harness, and no other is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lambdakit.harness.runtime import inside

_ENDPOINT = "http://127.0.0.1:4566"
_SCRIPT = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("api_hosts", sys.argv[1])
api_hosts = importlib.util.module_from_spec(spec)
spec.loader.exec_module(api_hosts)
sys.path.insert(0, sys.argv[2])
if sys.argv[4] == "loaded":
    import botocore.httpsession
api_hosts.lead()
import botocore.httpsession

class Request:
    url, headers = sys.argv[3], {"Authorization": "signed"}

print(json.dumps(botocore.httpsession.URLLib3Session().send(Request())))
"""
_BOTOCORE = """
class URLLib3Session:
    def send(self, request):
        return [request.url, request.headers]
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    (tmp_path / "botocore").mkdir()
    (tmp_path / "botocore" / "__init__.py").write_text("")
    (tmp_path / "botocore" / "httpsession.py").write_text(_BOTOCORE)
    return tmp_path


def _sent(packages: Path, url: str, *, when: str = "later", variables: dict[str, str] | None = None) -> Any:
    """URL and headers of what the function's botocore sends."""
    module = Path(str(inside.__path__[0])) / "api_hosts.py"
    finished = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _SCRIPT, str(module), str(packages), url, when],
        env={"AWS_ENDPOINT_URL": _ENDPOINT} if variables is None else variables,
        check=True,
        capture_output=True,
    )
    return json.loads(finished.stdout)


@pytest.mark.parametrize("when", ["loaded", "later"])
@pytest.mark.parametrize(
    "host",
    [
        "a1b2c3.execute-api.us-east-1.amazonaws.com",
        "a.execute-api.cn-north-1.amazonaws.com.cn",
        "a1b2c3.appsync-api.us-east-1.amazonaws.com",
    ],
)
def test_an_apis_host_leads_to_the_harness(packages: Path, host: str, when: str) -> None:
    sent = _sent(packages, f"https://{host}/prod/%40connections/a%3D?x=1", when=when)

    assert sent == [f"{_ENDPOINT}/prod/%40connections/a%3D?x=1", {"Authorization": "signed", "Host": host}]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/prod",
        "https://sqs.us-east-1.amazonaws.com/",
        "https://execute-api.us-east-1.amazonaws.com/",
        "https://a.execute-api.us-east-1.amazonaws.com.example.org/",
        "https://a.b.execute-api.us-east-1.amazonaws.com/",
    ],
)
def test_other_hosts_are_left_alone(packages: Path, url: str) -> None:
    assert _sent(packages, url) == [url, {"Authorization": "signed"}]


def test_without_an_endpoint_nothing_is_led(packages: Path) -> None:
    url = "https://a.execute-api.us-east-1.amazonaws.com/prod"

    assert _sent(packages, url, variables={}) == [url, {"Authorization": "signed"}]
