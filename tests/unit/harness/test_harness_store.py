"""Functions with their versions, aliases and policies."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.layers import LayerStore
from lambdakit.harness.lambda_service.store import Alias, FunctionStore
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

REGION = "us-east-1"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"


class Account:
    """A store, and who was told that its environments are out of date."""

    def __init__(self) -> None:
        self.changed: list[str] = []
        self.store = FunctionStore(account_id="123456789012", region=REGION, on_changed=self.changed.append)

    def create(self, name: str = "orders", region: str = REGION) -> FunctionConfiguration:
        return self.store.create(
            FunctionConfiguration(
                name=name,
                account_id="123456789012",
                region=region,
                runtime="python3.13",
                handler="app.handler",
                code=Path("/code"),
                role="arn:aws:iam::123456789012:role/fn",
                log_group=f"/aws/lambda/{name}",
            )
        )


@pytest.fixture
def account() -> Account:
    return Account()


def _refusal(fault: pytest.ExceptionInfo[ServiceFault]) -> tuple[str, int]:
    return fault.value.code, fault.value.status


class TestFunctions:
    def test_it_is_found_by_name_and_arn(self, account: Account) -> None:
        account.create()

        for text in ("orders", "orders:$LATEST", ARN, f"{ARN}:$LATEST", "123456789012:function:orders"):
            assert account.store.resolve(text).configuration.version == "$LATEST"
        assert account.store.resolve("orders", "$LATEST").qualifier == "$LATEST"
        assert account.store.resolve("orders").qualifier == ""

    def test_a_name_is_taken_once(self, account: Account) -> None:
        account.create()

        with pytest.raises(ServiceFault, match="Function already exist: orders") as refused:
            account.create()

        assert _refusal(refused) == ("ResourceConflictException", 409)

    def test_each_region_has_its_own(self, account: Account) -> None:
        account.create()
        account.create(region="eu-west-1")

        assert [function.region for function in account.store.functions("eu-west-1")] == ["eu-west-1"]
        assert account.store.resolve(ARN.replace(REGION, "eu-west-1")).configuration.region == "eu-west-1"

    @pytest.mark.parametrize(
        "text",
        [
            "missing",
            "orders:missing",
            "orders:1",
            ARN.replace("orders", "missing"),
            ARN.replace("us-east-1", "eu-west-1"),
            ARN.replace("123456789012", "111122223333"),
        ],
    )
    def test_what_is_missing_is_not_found(self, account: Account, text: str) -> None:
        account.create()

        with pytest.raises(ServiceFault, match=r"^Function not found: arn:aws:lambda:") as refused:
            account.store.resolve(text)

        assert _refusal(refused) == ("ResourceNotFoundException", 404)

    def test_a_deleted_function_is_gone_with_all_it_had(self, account: Account) -> None:
        account.create()
        account.store.publish("orders", REGION)
        account.store.put_alias("orders", REGION, Alias(name="live", version="1"))

        account.store.delete("orders", REGION)

        assert account.changed == [ARN]
        assert account.store.functions(REGION) == []
        for text in ("orders", "orders:1", "orders:live"):
            with pytest.raises(ServiceFault):
                account.store.resolve(text)
        with pytest.raises(ServiceFault):
            account.store.delete("orders", REGION)

    def test_a_function_of_the_same_name_starts_anew(self, account: Account) -> None:
        first = account.create()
        account.store.publish("orders", REGION)
        account.store.delete("orders", REGION)

        second = account.create()

        assert second.revision != first.revision
        with pytest.raises(ServiceFault):
            account.store.resolve("orders:1")


class TestVersions:
    def test_nothing_changed_gives_the_newest_again(self, account: Account) -> None:
        account.create()

        first, second = (account.store.publish("orders", REGION) for _ in range(2))

        assert (first.version, second.version) == ("1", "1")
        assert account.store.resolve("orders:1").configuration == first

    def test_numbers_are_never_used_again(self, account: Account) -> None:
        account.create()
        account.store.publish("orders", REGION)
        account.store.delete_version("orders", REGION, "1")

        assert account.store.publish("orders", REGION).version == "2"
        assert account.changed == [ARN]
        with pytest.raises(ServiceFault):
            account.store.resolve("orders:1")

    @pytest.mark.parametrize(("given", "expected"), [("", ""), ("first", "first")])
    def test_a_version_has_its_own_description(self, account: Account, given: str, expected: str) -> None:
        account.create()

        assert account.store.publish("orders", REGION, description=given).description == expected

    def test_a_missing_version_cannot_be_deleted(self, account: Account) -> None:
        account.create()

        with pytest.raises(ServiceFault) as refused:
            account.store.delete_version("orders", REGION, "1")

        assert _refusal(refused) == ("ResourceNotFoundException", 404)
        assert account.changed == []

    def test_a_missing_function_has_none(self, account: Account) -> None:
        with pytest.raises(ServiceFault) as refused:
            account.store.publish("orders", REGION)

        assert _refusal(refused) == ("ResourceNotFoundException", 404)


class TestAliases:
    def test_it_leads_to_its_version_and_can_be_moved(self, account: Account) -> None:
        account.create()
        account.store.publish("orders", REGION)

        arn = account.store.put_alias("orders", REGION, Alias(name="live", version="1"))
        before = account.store.resolve(arn)
        account.store.put_alias("orders", REGION, Alias(name="live", version="$LATEST"))
        after = account.store.resolve("orders", "live")

        assert arn == f"{ARN}:live"
        assert (before.configuration.version, before.qualifier) == ("1", "live")
        assert (after.configuration.version, after.qualifier) == ("$LATEST", "live")

    def test_a_missing_version_cannot_be_named(self, account: Account) -> None:
        account.create()

        with pytest.raises(ServiceFault, match="orders:1") as refused:
            account.store.put_alias("orders", REGION, Alias(name="live", version="1"))

        assert _refusal(refused) == ("ResourceNotFoundException", 404)

    # API CreateAlias.Name: (?!^[0-9]+$)([a-zA-Z0-9-_]+)
    @pytest.mark.parametrize("name", ["1", "007", "", "a b", "ü", "$LATEST", "a" * 129])
    def test_a_name_that_is_none_is_refused(self, account: Account, name: str) -> None:
        account.create()
        account.store.publish("orders", REGION)

        with pytest.raises(ServiceFault) as refused:
            account.store.put_alias("orders", REGION, Alias(name=name, version="1"))

        assert refused.value.status == 400
        assert account.store.resolve("orders:1").configuration.version == "1"

    def test_a_deleted_alias_leads_nowhere_and_may_be_deleted_twice(self, account: Account) -> None:
        account.create()
        account.store.put_alias("orders", REGION, Alias(name="live", version="$LATEST"))

        account.store.delete_alias("orders", REGION, "live")
        account.store.delete_alias("orders", REGION, "live")

        with pytest.raises(ServiceFault):
            account.store.resolve("orders:live")

    def test_a_version_that_an_alias_leads_to_stays(self, account: Account) -> None:
        account.create()
        account.store.publish("orders", REGION)
        account.store.put_alias("orders", REGION, Alias(name="live", version="1"))

        with pytest.raises(ServiceFault, match=r"the following aliases reference it: \[live\]") as refused:
            account.store.delete_version("orders", REGION, "1")

        assert _refusal(refused) == ("ResourceConflictException", 409)
        assert account.store.resolve("orders:live").configuration.version == "1"


class TestPermissions:
    def test_each_qualifier_has_a_policy_of_its_own(self, account: Account) -> None:
        account.create()
        for qualifier, sid in (("", "one"), ("live", "two"), ("live", "three")):
            account.store.add_permission(
                "orders", REGION, qualifier=qualifier, statement_id=sid, statement={"Sid": sid}
            )

        assert account.store.permissions("orders", REGION, qualifier="") == [{"Sid": "one"}]
        assert account.store.permissions("orders", REGION, qualifier="live") == [{"Sid": "two"}, {"Sid": "three"}]
        assert account.store.permissions("orders", REGION, qualifier="1") == []

    def test_a_statement_id_is_taken_once(self, account: Account) -> None:
        account.create()
        account.store.add_permission("orders", REGION, qualifier="", statement_id="one", statement={})

        with pytest.raises(ServiceFault, match=r"The statement id \(one\) provided already exists") as refused:
            account.store.add_permission("orders", REGION, qualifier="", statement_id="one", statement={})

        assert _refusal(refused) == ("ResourceConflictException", 409)

    def test_removing_what_is_not_there_is_harmless(self, account: Account) -> None:
        account.store.remove_permission("orders", REGION, qualifier="", statement_id="one")
        account.create()
        account.store.remove_permission("orders", REGION, qualifier="", statement_id="one")
        account.store.add_permission("orders", REGION, qualifier="", statement_id="one", statement={})
        account.store.remove_permission("orders", REGION, qualifier="", statement_id="one")

        assert account.store.permissions("orders", REGION, qualifier="") == []


class TestLayers:
    def test_versions_count_up_and_are_never_used_again(self) -> None:
        store = LayerStore()
        layer = "arn:aws:lambda:us-east-1:123456789012:layer:shared"

        first = store.publish(layer, Path("/one"))
        second = store.publish(layer, Path("/two"))
        store.delete(second)
        third = store.publish(layer, Path("/three"))

        assert (first, second, third) == (f"{layer}:1", f"{layer}:2", f"{layer}:3")
        assert store.directory(first) == Path("/one")
        assert store.publish(f"{layer}-other", Path("/x")) == f"{layer}-other:1"

    def test_a_missing_version_is_refused(self) -> None:
        store = LayerStore()
        arn = store.publish("arn:aws:lambda:us-east-1:123456789012:layer:shared", Path("/one"))
        store.delete(arn)
        store.delete(arn)

        with pytest.raises(ServiceFault, match=f"Layer version {arn} does not exist") as refused:
            store.directory(arn)

        assert _refusal(refused) == ("InvalidParameterValueException", 400)
