"""Links to code: how long they are good, and what they lead to."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from lambdakit.harness.header_fields import NO_HEADERS
from lambdakit.harness.lambda_service.code_downloads import CodeDownloads
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.wire import Request, Response


def _served(downloads: CodeDownloads, link: str, code: CodeStore) -> Response:
    target = link.removeprefix("http://here:1")
    return downloads.serve(Request(method="GET", target=target, headers=NO_HEADERS), code)


@pytest.mark.parametrize(("later", "status"), [(599, 200), (600, 200), (601, 403)])
def test_a_link_is_good_for_ten_minutes(tmp_path: Path, later: int, status: int) -> None:
    now = 1000.0
    downloads, code = CodeDownloads(now=lambda: now), CodeStore(tmp_path)
    link = downloads.link("here:1", code.from_inline("x = 1", "python3.13").directory)

    now += later
    answer = _served(downloads, link, code)

    assert answer.status == status
    assert b"Request has expired" in answer.body or status == 200


def test_what_came_as_a_directory_is_packed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "run").write_text("x")
    (source / "deep" / "run").chmod(0o755)
    downloads, code = CodeDownloads(), CodeStore(tmp_path / "store")

    answer = _served(downloads, downloads.link("here:1", code.from_directory(source).directory), code)

    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.namelist() == ["deep/run"]
        assert archive.infolist()[0].external_attr >> 16 & 0o111


@pytest.mark.parametrize(
    ("host", "scheme"),
    [
        ("127.0.0.1:4566", "http"),
        ("lambda.us-east-1.amazonaws.com", "https"),
        ("lambda.us-east-1.amazonaws.com:80", "http"),
    ],
)
def test_a_link_leads_where_the_call_went(host: str, scheme: str) -> None:
    assert CodeDownloads().link(host, Path("/x/name")).startswith(f"{scheme}://{host}/")


@pytest.mark.parametrize("name", ["gone", ".."])
def test_code_that_is_not_there(tmp_path: Path, name: str) -> None:
    downloads, code = CodeDownloads(), CodeStore(tmp_path / "store")

    assert _served(downloads, downloads.link("here:1", Path(f"/x/{name}")), code).status in (403, 404)
