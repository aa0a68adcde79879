"""What a function sees of the world around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.function_host import FunctionHost, json_of

MIB = 1024 * 1024


class TestSurroundings:
    def test_only_the_runtime_can_be_imported(self, host: FunctionHost) -> None:
        source = """
        import importlib

        def handler(event, context):
            found = {}
            for name in event:
                try:
                    importlib.import_module(name)
                    found[name] = True
                except ImportError:
                    found[name] = False
            return found
        """
        function = host.function(source)
        runtime = ["json", "sqlite3", "boto3", "botocore", "awslambdaric", "urllib3", "dateutil"]
        surroundings = ["pytest", "moto", "lambdakit", "werkzeug", "aws_cdk", "jsii", "pydantic", "hypothesis", "httpx"]

        found = json_of(host.invoke(function, [*runtime, *surroundings]))

        assert found == {**dict.fromkeys(runtime, True), **dict.fromkeys(surroundings, False)}

    def test_nothing_of_the_host_s_environment_is_seen(
        self, host: FunctionHost, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_PROFILE", "company")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHOST")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "host-token")
        monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
        monkeypatch.setenv("MY_SECRET", "canary")
        function = host.function(
            "import os\ndef handler(event, context): return dict(os.environ)", environment={"TABLE": "orders"}
        )

        seen = json_of(host.invoke(function))

        assert seen["TABLE"] == "orders"
        assert not {"AWS_PROFILE", "MY_SECRET", "HOME", "USER", "VIRTUAL_ENV"} & set(seen)
        assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
        assert seen["AWS_SESSION_TOKEN"] != "host-token"
        assert "/somewhere/else" not in seen.get("PYTHONPATH", "")
        assert seen["AWS_ENDPOINT_URL"] == host.gates.url
        assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"

    def test_each_environment_has_a_session_of_its_own_which_ends_with_it(self, host: FunctionHost) -> None:
        function = host.function("import os\ndef handler(event, context): return os.environ['AWS_ACCESS_KEY_ID']")

        key = json_of(host.invoke(function))
        during = host.credentials.caller(key)
        host.pool.retire(function.arn, reason="updated")

        assert during is not None
        assert (during.function, during.role) == ("fn", function.role)
        assert host.credentials.caller(key) is None

    def test_the_package_is_the_working_directory_and_first_on_the_path(self, host: FunctionHost) -> None:
        source = """
        import os, sys

        def handler(event, context):
            root = os.environ["LAMBDA_TASK_ROOT"]
            return [os.getcwd() == root, sys.path[0] == root, open("app.py").read()[:1] != ""]
        """
        function = host.function(source)

        assert json_of(host.invoke(function)) == [True, True, True]

    @pytest.mark.parametrize("name", ["environment", "kernel", "zygote", "bootstrap", "app2"])
    def test_a_module_of_the_package_may_have_any_name(self, host: FunctionHost, name: str) -> None:
        function = host.function(f"import {name}\ndef handler(event, context): return {name}.MINE")
        (function.code / f"{name}.py").write_text("MINE = 'mine'")

        assert json_of(host.invoke(function)) == "mine"

    def test_the_package_beats_layers_later_layers_beat_earlier_ones_and_layers_beat_the_sdk(
        self, host: FunctionHost, tmp_path: Path
    ) -> None:
        # given: who brings which module
        for layer, modules in {"one": ("mine", "shared", "boto3"), "two": ("mine", "shared")}.items():
            for module in modules:
                package = tmp_path / layer / "python" / module
                package.mkdir(parents=True)
                (package / "__init__.py").write_text(f"ORIGIN = 'layer {layer}'")
        function = host.function(
            """
            import boto3, mine, shared

            def handler(event, context):
                return [mine.ORIGIN, shared.ORIGIN, boto3.ORIGIN]
            """,
            layers=(tmp_path / "one", tmp_path / "two"),
        )
        (function.code / "mine.py").write_text("ORIGIN = 'package'")

        found = json_of(host.invoke(function))

        assert found == ["package", "layer two", "layer one"]
