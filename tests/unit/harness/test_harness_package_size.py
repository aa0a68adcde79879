"""How much a function's package and its layers may hold together.

Source: AWS Lambda Developer Guide, "Lambda quotas": 250 MB unzipped, layers included.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.layers import LayerStore
from lambdakit.harness.lambda_service.validation import check_configuration
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

MOST = 262_144_000


def _configuration(*, code: int, layers: int, package_type: str = "Zip") -> FunctionConfiguration:
    return FunctionConfiguration(
        name="fn",
        account_id="123456789012",
        region="us-east-1",
        runtime="python3.13",
        handler="app.handler",
        code=Path("/code"),
        role="arn:aws:iam::123456789012:role/fn",
        log_group="/aws/lambda/fn",
        package_type=package_type,
        code_unzipped_bytes=code,
        layers_unzipped_bytes=layers,
    )


@pytest.mark.parametrize(
    ("code", "layers"), [(0, 0), (MOST, 0), (0, MOST), (MOST - 1, 1), (1_000_000, MOST - 1_000_000)]
)
def test_all_of_it_may_hold_250_mb(code: int, layers: int) -> None:
    check_configuration(_configuration(code=code, layers=layers))


@pytest.mark.parametrize(("code", "layers"), [(MOST, 1), (1, MOST), (200_000_000, 149_762_174)])
def test_more_is_refused_with_the_actual_size(code: int, layers: int) -> None:
    with pytest.raises(ServiceFault) as refused:
        check_configuration(_configuration(code=code, layers=layers))

    assert (refused.value.code, refused.value.status) == ("InvalidParameterValueException", 400)
    assert refused.value.message == (
        "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. "
        f"The actual size is {code + layers} bytes."
    )


def test_a_container_image_has_a_limit_of_its_own() -> None:
    check_configuration(_configuration(code=MOST + 1, layers=0, package_type="Image"))


class TestSizesOfPackages:
    def test_of_a_zip_file_it_is_what_comes_out(self, tmp_path: Path) -> None:
        store = CodeStore(tmp_path / "code")
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("app.py", "x" * 10_000)
            archive.writestr("inner/data.bin", bytes(5_000))
        content = buffer.getvalue()

        first, again = store.from_zip(content), store.from_zip(content)

        assert first == again
        assert (first.unzipped_bytes, first.size) == (15_000, len(content))
        assert first.size < 1_000

    def test_of_a_directory_it_is_what_lies_in_it(self, tmp_path: Path) -> None:
        source = tmp_path / "source"
        (source / "inner").mkdir(parents=True)
        (source / "app.py").write_bytes(b"x" * 300)
        (source / "inner" / "data").write_bytes(b"y" * 700)

        package = CodeStore(tmp_path / "code").from_directory(source)

        assert package.unzipped_bytes == 1_000

    def test_of_inline_source_it_is_the_source_s(self, tmp_path: Path) -> None:
        package = CodeStore(tmp_path / "code").from_inline("def handler(e, c): pass", "python3.13")

        assert package.unzipped_bytes == 23

    def test_a_layer_version_keeps_its_own(self) -> None:
        store = LayerStore()
        layer = "arn:aws:lambda:us-east-1:123456789012:layer:shared"

        arn = store.publish(layer, Path("/one"), unzipped_bytes=77)

        assert store.unzipped_bytes(arn) == 77
        store.delete(arn)
        with pytest.raises(ServiceFault):
            store.unzipped_bytes(arn)
