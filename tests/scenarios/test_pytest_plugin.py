"""The fixtures `harness` and `deploy` in a project of a user's, with a pytest of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PATTERN = Path(__file__).parents[2] / "patterns" / "api_backend"


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> pytest.Pytester:
    """A directory with the API backend's document and functions in `app/`, and no test yet."""
    # pytester gives each test another home; the compiler's cache stays where it was.
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    pytester: pytest.Pytester = request.getfixturevalue("pytester")
    shutil.copytree(PATTERN / "functions", pytester.path / "app" / "functions")
    shutil.copy(PATTERN / "lambdakit.yaml", pytester.path / "app")
    return pytester


def _outcomes(project: pytest.Pytester, *arguments: str, **outcomes: int) -> pytest.RunResult:
    result = project.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
    result.assert_outcomes(**outcomes)
    return result


def test_a_deployment_is_made_once_and_reset_after_each_test(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest
        from lambdakit.trace import DeploymentStarted

        seen = []

        @pytest.mark.parametrize("n", range(3))
        def test_orders_are_gone(deploy, harness, n):
            deployment = deploy("app/lambdakit.yaml")
            seen.append(deployment.id)
            with deployment.http() as http:
                assert http.get("/orders").json() == {"orders": []}
                assert http.post("/orders", json={"sku": "a"}).status_code == 201

        def test_it_was_one_deployment():
            assert len(set(seen)) == 1
    """)

    _outcomes(project, passed=4)


def test_each_test_finds_an_empty_trace_and_nothing_deployed_by_others(project: pytest.Pytester) -> None:
    project.makepyfile("""
        from lambdakit.trace import InvocationEnded

        def test_deploys_by_itself(harness):
            function = harness.deploy("app/lambdakit.yaml").function("list_orders")
            function.invoke({})
            assert harness.trace.count(InvocationEnded) == len(function.invocations) == 1

        def test_finds_nothing(harness):
            assert harness.trace.events == ()
            assert harness.deployments == ()
    """)

    _outcomes(project, passed=2)


def test_a_destroyed_deployment_is_made_anew_for_the_next_test(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        @pytest.mark.parametrize("n", range(2))
        def test_destroys(deploy, n):
            deployment = deploy("app/lambdakit.yaml")
            assert deployment.function("list_orders").invoke({}).payload["statusCode"] == 200
            deployment.destroy()
            assert deploy("app/lambdakit.yaml") is not deployment
            deploy("app/lambdakit.yaml").destroy()
    """)

    _outcomes(project, passed=2)


def test_another_document_with_the_same_stack_name_takes_the_place_of_an_idle_one(project: pytest.Pytester) -> None:
    shutil.copytree(project.path / "app", project.path / "other")
    project.makepyfile("""
        import pytest

        @pytest.mark.parametrize("directory", ["app", "other", "app"])
        def test_deploys(deploy, directory):
            assert "shop" in deploy(f"{directory}/lambdakit.yaml").stacks
    """)

    _outcomes(project, passed=3)


def test_a_deployment_of_the_tests_own_takes_the_place_of_an_idle_one(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest
        from lambdakit.errors import DeploymentError

        def test_uses_the_fixture(deploy):
            assert deploy("app/lambdakit.yaml").functions

        def test_deploys_by_itself(harness):
            assert harness.deploy("app/lambdakit.yaml").functions
            with pytest.raises(DeploymentError, match="deployed already"):
                harness.deploy("app/lambdakit.yaml")

        def test_uses_the_fixture_again(deploy, harness):
            deployment = deploy("app/lambdakit.yaml")
            assert deployment.functions
            with pytest.raises(DeploymentError, match="deployed already"):
                harness.deploy("app/lambdakit.yaml")
            assert deployment.status == "DEPLOYED"
    """)

    _outcomes(project, passed=3)


def test_a_relative_path_is_looked_for_beside_the_test_first(project: pytest.Pytester) -> None:
    (project.path / "app" / "test_beside.py").write_text(
        "def test_deploys(deploy):\n    assert deploy('lambdakit.yaml').functions\n"
    )

    _outcomes(project, "--import-mode=importlib", passed=1)


@pytest.mark.parametrize("working_directory", [".", "app", "tests"])
def test_what_is_not_beside_the_test_is_looked_for_where_pytest_was_started_and_in_its_root(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, working_directory: str
) -> None:
    tests = project.mkdir("tests")
    (tests / "test_below.py").write_text(
        "def test_deploys(deploy):\n    assert deploy('app/lambdakit.yaml').functions\n"
    )
    project.makeini("[pytest]")
    monkeypatch.chdir(project.path / working_directory)

    _outcomes(project, "--import-mode=importlib", "-c", str(project.path / "tox.ini"), str(tests), passed=1)


def test_a_directory_that_cannot_be_deployed_gives_way_to_one_that_can(project: pytest.Pytester) -> None:
    tests = project.mkdir("tests")
    (tests / "test_below.py").write_text("def test_deploys(deploy):\n    assert deploy('.').functions\n")
    (project.path / "cdk.json").write_text('{"app": "python -m lambdakit synth app/lambdakit.yaml"}')

    _outcomes(project, "--import-mode=importlib", passed=1)


def test_a_failed_test_shows_what_happened_in_the_harness(project: pytest.Pytester) -> None:
    code = project.path / "app" / "functions" / "orders" / "app.py"
    code.write_text("def create(event, context):\n    return {}['sku']\n\nlist_all = read = delete = create\n")
    project.makepyfile("""
        def test_posts(deploy):
            with deploy("app/lambdakit.yaml").http() as http:
                assert http.post("/orders").status_code == 201

        def test_calls(deploy):
            assert deploy("app/lambdakit.yaml").function("list_orders").invoke({}).payload == 1

        def test_needs_no_trace(deploy):
            deploy("app/lambdakit.yaml").function("list_orders").invoke({})
    """)

    shown = _outcomes(project, "--lambdakit-trace=2", failed=2, passed=1)
    hidden = _outcomes(project, "--lambdakit-trace=0", failed=2, passed=1)

    shown.stdout.fnmatch_lines(
        [
            "*- lambdakit trace -*",
            "(* lines before: --lambdakit-trace=* shows them)",
            '*File "/var/task/app.py", line 2, in create: return {}*sku*',
            "*answer * 500 after *(POST /orders)  the function failed",
            "*- lambdakit trace -*",
            "*invocation * list_orders * KeyError after *: 'sku'",
        ]
    )
    assert shown.stdout.str().count("lambdakit trace") == 2
    assert "lambdakit trace" not in hidden.stdout.str()


def test_what_the_user_can_mend_is_told_without_our_own_frames(project: pytest.Pytester) -> None:
    project.makepyfile("def test_deploys(deploy):\n    deploy('app/lambdakit.yml')\n")

    told = _outcomes(project, failed=1).stdout.str()
    whole = _outcomes(project, "--full-trace", failed=1).stdout.str()

    assert "there is no such file or directory" in told
    assert "deploy('app/lambdakit.yml')" in told
    assert "sources.py" not in told
    assert "sources.py" in whole


def test_options_of_the_harness_come_from_a_fixture(project: pytest.Pytester) -> None:
    project.makeconftest("""
        import pytest

        @pytest.fixture(scope="session")
        def lambdakit_options():
            return {"region": "eu-west-1"}
    """)
    project.makepyfile("def test_region(harness):\n    assert harness.region == 'eu-west-1'\n")

    _outcomes(project, passed=1)


def test_each_worker_of_xdist_has_a_harness_of_its_own(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pathlib, pytest

        @pytest.mark.parametrize("n", range(6))
        def test_endpoint(harness, worker_id, n):
            assert harness.client("sqs").list_queues().get("QueueUrls", []) == []
            pathlib.Path(f"{worker_id}-{harness.endpoint_url.rsplit(':')[-1]}").touch()
    """)

    _outcomes(project, "-n", "2", passed=6)

    workers = sorted(path.name for path in project.path.glob("gw*"))
    assert (
        len({name.split("-")[1] for name in workers}) == len({name.split("-")[0] for name in workers}) == len(workers)
    )


def test_a_mock_of_the_caller_lives_beside_the_harness(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import boto3
        from moto import mock_aws

        @mock_aws
        def test_beside(deploy, harness):
            deployment = deploy("app/lambdakit.yaml")
            boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="mocked")
            with deployment.http() as http:
                assert http.post("/orders", json={"sku": "a"}).status_code == 201
            assert harness.client("sqs").list_queues().get("QueueUrls", []) == []
            assert len(boto3.client("sqs", region_name="us-east-1").list_queues()["QueueUrls"]) == 1

        def test_after(deploy):
            with deploy("app/lambdakit.yaml").http() as http:
                assert http.post("/orders", json={"sku": "a"}).status_code == 201
    """)

    _outcomes(project, passed=2)


def test_an_error_of_the_document_is_in_the_report_as_a_diagnostic(project: pytest.Pytester) -> None:
    (project.path / "app" / "lambdakit.yaml").write_text("application: 7\n")
    project.makepyfile("def test_deploys(deploy):\n    deploy('app/lambdakit.yaml')\n")

    result = _outcomes(project, failed=1)

    result.stdout.fnmatch_lines(["*lambdakit.yaml:1:14: application: *[[]LK1*"])


@pytest.mark.parametrize("file", ["app", "", "missing/report.json", "conftest.py/report.json", "/proc/report.json"])
def test_a_report_that_cannot_be_written_is_refused_before_anything_runs(project: pytest.Pytester, file: str) -> None:
    project.makeconftest("")
    project.makepyfile("def test_nothing(): pass")

    result = project.runpytest_subprocess("-p", "no:cacheprovider", f"--lambdakit-permissions={file}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --lambdakit-permissions=*"])


def test_a_run_that_is_refused_leaves_no_report_and_keeps_the_last_one(project: pytest.Pytester) -> None:
    project.makeconftest("""
        import pytest

        @pytest.hookimpl(trylast=True)
        def pytest_configure():
            raise pytest.UsageError("not like that")
    """)
    kept = project.path / "kept.json"
    kept.write_text("{}")

    for file in ("new.json", "kept.json"):
        result = project.runpytest_subprocess("--lambdakit-permissions", file)
        result.stderr.fnmatch_lines(["ERROR: not like that"])

    assert not (project.path / "new.json").exists()
    assert kept.read_text() == "{}"


def test_the_account_is_refused_before_anything_runs(project: pytest.Pytester) -> None:
    project.makepyfile("def test_nothing():\n    pass\n")

    result = project.runpytest_subprocess("--lambdakit-target=aws")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--lambdakit-target=aws is not built yet [[]LK510]*"])


def test_a_project_that_does_not_use_it_pays_nothing(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import sys

        def test_nothing_is_loaded():
            heavy = {"boto3", "httpx", "moto", "aws_cdk", "pydantic", "lambdakit.session.harness", "lambdakit.errors"}
            assert heavy & set(sys.modules) == set()
    """)

    _outcomes(project, "-p", "no:anyio", passed=1)


def test_a_harness_of_the_projects_own_is_where_the_fixture_deploys_to(project: pytest.Pytester) -> None:
    project.makepyfile(
        conftest="""
        import pytest
        from lambdakit import Harness

        @pytest.fixture(scope="session")
        def harness():
            with Harness(region="eu-west-1") as harness:
                yield harness
        """,
        test_own="""
        import pytest

        @pytest.fixture(scope="module")
        def mine(harness, tmp_path_factory):
            text = open("app/lambdakit.yaml").read().replace("application: shop", "application: mine")
            path = tmp_path_factory.mktemp("mine")
            __import__("shutil").copytree("app", path, dirs_exist_ok=True)
            (path / "lambdakit.yaml").write_text(text)
            return harness.deploy(path / "lambdakit.yaml")

        seen = []

        @pytest.mark.parametrize("n", range(2))
        def test_orders_are_gone(mine, deploy, harness, n):
            deployment = deploy("app/lambdakit.yaml")
            seen.append(deployment.id)
            with deployment.http() as http:
                assert http.get("/orders").json() == {"orders": []}
                assert http.post("/orders", json={"sku": "a"}).status_code == 201
            assert harness.deployments == (mine, deployment)
            assert ":eu-west-1:" in deployment.function("list_orders").arn

        def test_it_was_one_deployment(harness):
            assert len(set(seen)) == 1
            assert len(harness.deployments) == 2

        @pytest.mark.parametrize("n", range(2))
        def test_updates(deploy, harness, n):
            deployment = deploy("app/lambdakit.yaml")
            assert deployment.status == "DEPLOYED"
            deployment.update("app/lambdakit.yaml")
            assert len(harness.deployments) == 2
        """,
    )

    _outcomes(project, passed=5)


def test_an_updated_deployment_is_made_anew_for_the_next_test(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        seen = []

        @pytest.mark.parametrize("n", range(2))
        def test_updates(deploy, harness, n):
            deployment = deploy("app/lambdakit.yaml")
            deployment.update("app/lambdakit.yaml")
            assert deploy("app/lambdakit.yaml") is deployment
            seen.append(deployment.id)
            assert harness.deployments == (deployment,)

        def test_it_was_gone(harness):
            assert len(set(seen)) == 2
            assert harness.deployments == ()
    """)

    _outcomes(project, passed=3)


def test_a_fixture_harness_that_is_something_else_is_told(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        @pytest.fixture
        def harness():
            return "cables"

        def test_deploys(deploy):
            pass
    """)

    result = _outcomes(project, errors=1)

    result.stdout.fnmatch_lines(["*the fixture deploy deploys into the fixture harness, which is a str here*"])
