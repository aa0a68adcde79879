"""The 250 MB that a package and its layers share, met at deployment.

Source: AWS Lambda Developer Guide, "Lambda quotas".
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdakit import Harness
from lambdakit.errors import DeploymentError
from tests.fakes.plain_assembly import asset_code, function, write_stacks

pytestmark = pytest.mark.xdist_group("behaviour-images")

LAYER_BYTES = 90_000_000


@pytest.mark.parametrize(("layers", "ok"), [(2, True), (3, False)])
def test_layers_count_each(tmp_path: Path, layers: int, ok: bool) -> None:
    # given: layers with one content, which is unpacked once and counts each time
    out = tmp_path / "cdk.out"
    asset = out / "asset.layer"
    asset.mkdir(parents=True)
    with (asset / "large.bin").open("wb") as file:
        file.truncate(LAYER_BYTES)
    names = [f"Layer{number}" for number in range(layers)]
    source = "def handler(e, c): return 1"
    resources = function("Fn", source, Layers=[{"Ref": name} for name in names])
    for name in names:
        content = asset_code("layer.zip")
        resources[name] = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": content, "LayerName": name}}
    assembly = write_stacks(out, {"sized": {"Resources": resources}}, assets={"layer.zip": asset})

    with Harness() as harness:
        if ok:
            assert harness.deploy(assembly).stacks["sized"].resources["Fn"].status
            return
        with pytest.raises(DeploymentError) as refused:
            harness.deploy(assembly)

    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "LK320"
    assert diagnostic.pointer == "Resources.Fn"
    assert diagnostic.problem.endswith(
        "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. "
        f"The actual size is {layers * LAYER_BYTES + len(source)} bytes."
    )
