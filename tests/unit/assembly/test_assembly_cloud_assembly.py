"""Reading whole cloud assemblies, laid out as aws-cdk-lib writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lambdakit.assembly.cloud_assembly import CloudAssembly, StackArtifact, read_assembly
from lambdakit.assembly.place import Place
from lambdakit.errors import AssemblyError

HASH = "c9cabecd8f910deec351b1d2578231d2675868b4c99c637f610c24df3abf4ca9"
BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def stack(name: str, *, dependencies: Sequence[str] = (), **more: object) -> dict[str, object]:
    properties = {"templateFile": f"{name}.template.json", **_mapping(more.pop("properties", {}))}
    return {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": properties,
        "dependencies": list(dependencies),
        "displayName": name,
        **more,
    }


def _mapping(value: object) -> Mapping[str, object]:
    assert isinstance(value, dict)
    return value


def assembly(directory: Path, artifacts: Mapping[str, object], *, version: str = "55.0.0", **more: object) -> Path:
    """A cloud assembly in which every stack has a template with one queue."""
    write(directory / "manifest.json", {"version": version, "artifacts": dict(artifacts), **more})
    for entry in artifacts.values():
        template = _mapping(_mapping(entry).get("properties", {})).get("templateFile")
        if isinstance(template, str) and not (directory / template).exists():
            write(directory / template, {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    return directory


def only(found: CloudAssembly) -> StackArtifact:
    (artifact,) = found.stacks
    return artifact


def test_stack_is_read_with_what_the_manifest_says(tmp_path: Path) -> None:
    artifact = stack(
        "Shop",
        environment="aws://111111111111/eu-west-1",
        properties={
            "stackName": "shop-prod",
            "tags": {"team": "orders", "empty": ""},
            "terminationProtection": True,
            "parameters": {"Size": "5"},
            "notificationArns": ["arn:aws:sns:eu-west-1:111111111111:t"],
        },
        metadata={"/Shop/Queue/Resource": [{"type": "aws:cdk:logicalId", "data": "Queue"}]},
        displayName="Prod/Shop",
    )

    subject = only(read_assembly(assembly(tmp_path, {"Shop": artifact})))

    assert (subject.artifact_id, subject.stack_name, subject.display_name) == ("Shop", "shop-prod", "Prod/Shop")
    assert (subject.environment.account, subject.environment.region) == ("111111111111", "eu-west-1")
    assert (subject.tags, subject.parameters) == ({"team": "orders", "empty": ""}, {"Size": "5"})
    assert subject.termination_protection
    assert subject.notification_arns == ("arn:aws:sns:eu-west-1:111111111111:t",)
    assert subject.template.resources["Queue"].construct_path == "Shop/Queue/Resource"


def test_what_the_manifest_leaves_out_has_defaults(tmp_path: Path) -> None:
    bare = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "Shop.template.json"},
    }

    found = read_assembly(assembly(tmp_path, {"Shop": bare}))

    subject = only(found)
    assert (subject.stack_name, subject.display_name) == ("Shop", "Shop")
    assert (subject.environment.account, subject.environment.region) == (None, None)
    assert (subject.tags, subject.parameters, subject.dependencies, subject.assets) == ({}, {}, (), ())
    assert not subject.termination_protection
    assert found.missing == ()


def test_construct_paths_may_lie_in_a_file_of_their_own(tmp_path: Path) -> None:
    write(
        tmp_path / "Shop.metadata.json",
        {
            "/Shop/Queue/Resource": [
                {"type": "aws:cdk:warning", "data": "w"},
                {"type": "aws:cdk:logicalId", "data": "Queue"},
            ]
        },
    )

    found = read_assembly(assembly(tmp_path, {"Shop": stack("Shop", additionalMetadataFile="Shop.metadata.json")}))

    assert only(found).template.resources["Queue"].construct_path == "Shop/Queue/Resource"


def test_stacks_come_in_the_order_in_which_the_cdk_deploys_them(tmp_path: Path) -> None:
    """By name, as soon as what they depend on is there, whatever the order in the manifest."""
    artifacts = {
        "Api": stack("Api", dependencies=["Data", "Api.assets"]),
        "Api.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Api.assets.json"}},
        "Data": stack("Data", dependencies=["Net"]),
        "Alone": stack("Alone"),
        "Net": stack("Net"),
        "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
    }
    write(tmp_path / "Api.assets.json", {"version": "55.0.0", "files": {}, "dockerImages": {}})

    found = read_assembly(assembly(tmp_path, artifacts))

    assert [item.artifact_id for item in found.stacks] == ["Alone", "Net", "Data", "Api"]
    assert [item.dependencies for item in found.stacks] == [(), (), ("Net",), ("Data",)]


def test_stage_is_read_with_assets_of_the_outer_assembly(tmp_path: Path) -> None:
    (tmp_path / f"asset.{HASH}").mkdir()
    nested = {
        "ProdApi": stack("ProdApi", dependencies=["ProdApi.assets"], displayName="Prod/Api"),
        "ProdApi.assets": {"type": "cdk:asset-manifest", "properties": {"file": "ProdApi.assets.json"}},
    }
    write(
        tmp_path / "assembly-Prod" / "ProdApi.assets.json",
        {"version": "55.0.0", "files": {HASH: file_asset(f"../asset.{HASH}", "zip", f"{HASH}.zip")}},
    )
    assembly(tmp_path / "assembly-Prod", nested)
    outer = {
        "assembly-Prod": {
            "type": "cdk:cloud-assembly",
            "properties": {"directoryName": "assembly-Prod", "displayName": "Prod"},
            "dependencies": ["Base"],
        },
        "After": stack("After", dependencies=["assembly-Prod"]),
        "Base": stack("Base"),
    }

    found = read_assembly(assembly(tmp_path, outer))

    assert [item.display_name for item in found.stacks] == ["Base", "Prod/Api", "After"]
    assert [item.dependencies for item in found.stacks] == [(), ("Base",), ("ProdApi", "Base")]
    asset = found.assets.find("cdk-hnb659fds-assets-123456789012-us-east-1", f"{HASH}.zip")
    assert asset is not None
    assert (asset.packaging, asset.path) == ("zip", (tmp_path / f"asset.{HASH}").resolve())


def file_asset(path: str, packaging: str, key: str, bucket: str = BUCKET) -> dict[str, object]:
    return {
        "displayName": "Fn/Code",
        "source": {"path": path, "packaging": packaging},
        "destinations": {"here": {"bucketName": bucket, "objectKey": key}},
    }


def three_stacks(tmp_path: Path) -> CloudAssembly:
    artifacts = {
        "Net": stack("Net"),
        "Data": stack("Data", dependencies=["Net"], properties={"stackName": "shop-data"}),
        "ProdApi": stack("ProdApi", dependencies=["Data"], displayName="Prod/Api"),
        "Other": stack("Other"),
    }
    return read_assembly(assembly(tmp_path, artifacts))


@pytest.mark.parametrize(
    "names, expected",
    [
        (None, ["Net", "Other", "Data", "ProdApi"]),
        ([], []),
        (["Net"], ["Net"]),
        (["Prod/Api"], ["Net", "Data", "ProdApi"]),
        (["ProdApi", "Other"], ["Net", "Other", "Data", "ProdApi"]),
        (["shop-data"], ["Net", "Data"]),
        (["Prod/*"], ["Net", "Data", "ProdApi"]),
        (["*"], ["Net", "Other", "Data", "ProdApi"]),
    ],
)
def test_selected_stacks_bring_what_they_need(tmp_path: Path, names: list[str] | None, expected: list[str]) -> None:
    found = three_stacks(tmp_path)

    assert [item.artifact_id for item in found.select(names)] == expected


def test_every_unknown_stack_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError) as caught:
        three_stacks(tmp_path).select(["Nett", "Prod/Api", "zzz"])

    assert [item.code for item in caught.value.diagnostics] == ["LK229", "LK229"]
    assert "did you mean 'Net'?" in str(caught.value)
    assert "Prod/Api" in caught.value.diagnostics[1].hint


def test_nested_template_is_found_by_its_url(tmp_path: Path) -> None:
    write(tmp_path / "Nested.template.json", {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    manifest = {"version": "55.0.0", "files": {HASH: file_asset("Nested.template.json", "file", f"{HASH}.json")}}
    write(tmp_path / "Shop.assets.json", manifest)
    metadata = {"/Shop/Nested/Topic/Resource": [{"type": "aws:cdk:logicalId", "data": "Topic"}]}
    artifacts = {
        "Shop": stack("Shop", dependencies=["Shop.assets"], metadata=metadata),
        "Shop.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Shop.assets.json"}},
    }
    found = read_assembly(assembly(tmp_path, artifacts))
    place = Place(path="Shop.template.json", pointer="Resources.Nested.Properties.TemplateURL")

    url = f"https://s3.us-east-1.amazonaws.com/cdk-hnb659fds-assets-123456789012-us-east-1/{HASH}.json"
    template = found.nested_template(only(found), url, place)

    assert template.resources["Topic"].construct_path == "Shop/Nested/Topic/Resource"
    with pytest.raises(AssemblyError, match=r"Resources\.Nested\.Properties\.TemplateURL: .*\[LK238\]"):
        found.nested_template(only(found), "https://example.com/x.json", place)
    location = f"s3://cdk-hnb659fds-assets-123456789012-us-east-1/{HASH}.json"
    assert found.included(location) == tmp_path / "Nested.template.json"
    assert found.included("s3://elsewhere/x") is None


def test_legacy_synthesizer_puts_assets_into_metadata(tmp_path: Path) -> None:
    (tmp_path / f"asset.{HASH}").mkdir()
    entry = {
        "path": f"asset.{HASH}",
        "id": HASH,
        "packaging": "zip",
        "sourceHash": HASH,
        "s3BucketParameter": "CodeBucket",
        "s3KeyParameter": "CodeKey",
        "artifactHashParameter": "CodeHash",
    }

    found = read_assembly(
        assembly(tmp_path, {"Old": stack("Old", metadata={"/Old": [{"type": "aws:cdk:asset", "data": entry}]})})
    )

    parameters = only(found).parameters
    folder, _, name = parameters["CodeKey"].partition("||")
    asset = found.assets.find(parameters["CodeBucket"], folder + name)
    assert asset is not None
    assert asset.path == (tmp_path / f"asset.{HASH}").resolve()
    assert parameters["CodeHash"] == HASH


def test_missing_context_is_kept(tmp_path: Path) -> None:
    missing = [{"key": "vpc-provider:account=1", "provider": "vpc-provider", "props": {}}]

    found = read_assembly(assembly(tmp_path, {"Shop": stack("Shop")}, missing=missing))

    assert [item.provider for item in found.missing] == ["vpc-provider"]


@pytest.mark.parametrize("version", ["15.0.0", "36.0.0", "48.0.0", "55.0.0", "99.1.0"])
def test_schema_of_any_cdk_2_is_read(tmp_path: Path, version: str) -> None:
    assert read_assembly(assembly(tmp_path, {"Shop": stack("Shop")}, version=version)).schema == version


def test_directory_may_be_a_symbolic_link(tmp_path: Path) -> None:
    assembly(tmp_path / "real", {"Shop": stack("Shop")})
    (tmp_path / "link").symlink_to(tmp_path / "real")

    found = read_assembly(tmp_path / "link")

    assert only(found).template.path == str(tmp_path / "link" / "Shop.template.json")


def test_template_of_10_mb_is_read(tmp_path: Path) -> None:
    resources = {
        f"Queue{n}": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": [{"Key": "k", "Value": "x" * 900}]}}
        for n in range(10_000)
    }
    write(tmp_path / "Shop.template.json", {"Resources": resources})

    found = read_assembly(assembly(tmp_path, {"Shop": stack("Shop")}))

    assert (tmp_path / "Shop.template.json").stat().st_size > 9_700_000
    assert len(only(found).template.resources) == 10_000
