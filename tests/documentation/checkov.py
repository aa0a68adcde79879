"""checkov over the templates of every stack of ours: `python -m tests.documentation.checkov`.

checkov wants an older boto3 than the harness, and so runs from an environment of its own, which uv makes in the user's
cache once for a version. Printed is what it found, by check, with the reason why it is no fault here; the exit code is
1 when a finding has none.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.fakes.checked_process import run_checks

_VERSION: Final = "3.3.30"
_CONTROL: Final = "control"

REASONS: Final[Mapping[str, str]] = {
    "CKV_AWS_18": "Access logs come late and need a bucket of their own: data events of CloudTrail tell who did what.",
    "CKV_AWS_27": "Encrypted by SqsManagedSseEnabled, which the check does not look at.",
    "CKV_AWS_111": "X-Ray and the network interfaces of Lambda know no resource: they are the whole of those policies.",
    "CKV_AWS_115": "A reservation takes its number from all other functions of the account: whoever needs one says so.",
    "CKV_AWS_116": "What fails goes to an on-failure destination or a redrive, or the caller waits for the answer.",
    "CKV_AWS_117": "A VPC is for what only it can reach: `network`, which no function has without need.",
    "CKV_AWS_118": "Enhanced Monitoring is paid by what it writes; CPU, memory and connections are metrics without it.",
    "CKV_AWS_120": "A kept answer may be another caller's: whoever wants a cache says what tells callers apart.",
    "CKV_AWS_149": "Secrets Manager encrypts it with the key that AWS manages for the account.",
    "CKV_AWS_158": "CloudWatch Logs encrypts every log group with a key of its own.",
    "CKV_AWS_173": "Lambda encrypts variables with a key of its own; `environment_encryption` takes another.",
}


def main() -> int:
    """Runs it. 0 when every finding has a reason."""
    with tempfile.TemporaryDirectory(prefix="lambdakit-checkov-") as temporary:
        directory = Path(temporary)
        run_checks(directory)
        found, scanned = findings(directory)
    for check, count in sorted(Counter(check for check, _ in found).items()):
        print(f"{count:4} {check}: {REASONS.get(check, 'NO REASON')}")
    print(f"{scanned} resources looked at by checkov {_VERSION}")
    return 1 if unexplained(found) or not scanned else 0


def findings(directory: Path) -> tuple[list[tuple[str, str]], int]:
    """Check and resource of each finding in the assemblies below `directory`, and the number of resources."""
    templates = directory / "templates"
    templates.mkdir()
    for path in (directory / "assemblies").rglob("*.template.json"):
        if _CONTROL not in path.parts:
            shutil.copy(path, templates / f"{path.parent.name}-{path.name}")
    program = [str(_environment() / "bin" / "checkov"), "--framework", "cloudformation", "--skip-download"]
    ran = subprocess.run(
        [*program, "--directory", str(templates), "--output", "json", "--quiet", "--compact"],
        capture_output=True,
        text=True,
        check=False,
    )
    report: Any = json.loads(ran.stdout)
    reports = report if isinstance(report, list) else [report]
    return list(_failed(reports)), sum(each["summary"]["resource_count"] for each in reports)


def unexplained(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those without a reason."""
    return [each for each in found if each[0] not in REASONS]


def _failed(reports: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for report in reports:
        for check in report["results"]["failed_checks"]:
            yield check["check_id"], f"{check['file_path']} {check['resource']}"


def _environment() -> Path:
    """checkov's environment, made when it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lambdakit"
    made = cache / f"checkov-{_VERSION}"
    if not (made / "bin" / "checkov").exists():
        uv = [sys.executable, "-m", "uv"]
        shutil.rmtree(made, ignore_errors=True)
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(made)], check=True)
        python = str(made / "bin" / "python")
        subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, f"checkov=={_VERSION}"], check=True)
    return made


if __name__ == "__main__":
    sys.exit(main())
