"""One store of functions for each account."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import StoredFunctions
from lambdakit.harness.lambda_service.store import FunctionStore
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

HOME, OTHER, UNKNOWN = "123456789012", "222222222222", "999999999999"
REGION = "us-east-1"


class Accounts:
    """Stores, and the ARNs that they told of."""

    def __init__(self) -> None:
        self.changed: list[str] = []
        self.stores = FunctionStores(account_id=HOME, region=REGION, on_changed=self.changed.append)

    def create(self, account_id: str, name: str = "orders", region: str = REGION) -> str:
        """The ARN of a new function."""
        configuration = FunctionConfiguration(
            name=name,
            account_id=account_id,
            region=region,
            runtime="python3.13",
            handler="app.handler",
            code=Path("/nowhere"),
            role=f"arn:aws:iam::{account_id}:role/orders",
            log_group="/aws/lambda/orders",
        )
        return self.stores.of(account_id).create(configuration).arn


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


class TestStores:
    def test_an_account_s_store_is_made_once(self, accounts: Accounts) -> None:
        found: list[FunctionStore] = []
        threads = [threading.Thread(target=lambda: found.append(accounts.stores.of(OTHER))) for _ in range(8)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(set(map(id, found))) == 1
        assert found[0].account_id == OTHER

    @pytest.mark.parametrize("account_id", ["", HOME])
    def test_nobody_s_is_the_harness_s_own(self, accounts: Accounts, account_id: str) -> None:
        assert accounts.stores.of(account_id) is accounts.stores.all()[0]

    def test_each_is_told_of_before_it_is_used(self, accounts: Accounts) -> None:
        accounts.stores.of(OTHER)
        told: list[str] = []

        accounts.stores.each(lambda store: told.append(store.account_id))
        accounts.stores.of("333333333333")
        accounts.stores.of(OTHER)

        assert told == [HOME, OTHER, "333333333333"]

    def test_changes_are_told_whatever_the_account(self, accounts: Accounts) -> None:
        arns = [accounts.create(account_id) for account_id in (HOME, OTHER)]

        for account_id in (HOME, OTHER):
            accounts.stores.of(account_id).delete("orders", REGION)

        assert accounts.changed == arns

    @pytest.mark.parametrize(
        ("arn", "account_id"),
        [
            (f"arn:aws:lambda:{REGION}:{OTHER}:function:orders", OTHER),
            (f"arn:aws:lambda:{REGION}:{OTHER}:function:orders:live", OTHER),
            (f"arn:aws:lambda:{REGION}:{UNKNOWN}:function:orders", None),
            ("orders", None),
            ("", None),
        ],
    )
    def test_an_arn_s_store(self, accounts: Accounts, arn: str, account_id: str | None) -> None:
        accounts.stores.of(OTHER)

        found = accounts.stores.find(arn)

        assert (None if found is None else found.account_id) == account_id


class TestResolving:
    @pytest.mark.parametrize(
        ("text", "caller", "account_id"),
        [
            ("orders", "", HOME),
            ("orders", HOME, HOME),
            ("orders", OTHER, OTHER),
            ("function:orders", OTHER, OTHER),
            (f"{OTHER}:function:orders", "", OTHER),
            (f"{OTHER}:orders", HOME, OTHER),
            (f"{HOME}:function:orders", OTHER, HOME),
            (f"arn:aws:lambda:{REGION}:{OTHER}:function:orders", HOME, OTHER),
            (f"arn:aws:lambda:{REGION}:{HOME}:function:orders:$LATEST", OTHER, HOME),
        ],
    )
    def test_a_name_is_the_caller_s_and_an_arn_says_whose(
        self, accounts: Accounts, text: str, caller: str, account_id: str
    ) -> None:
        accounts.create(HOME)
        accounts.create(OTHER)

        found = accounts.stores.resolve(text, account_id=caller)

        assert found.configuration.account_id == account_id

    def test_the_caller_s_region_is_meant(self, accounts: Accounts) -> None:
        here, there = accounts.create(OTHER), accounts.create(OTHER, region="eu-west-1")

        found = [
            accounts.stores.resolve("orders", region=region, account_id=OTHER).configuration.arn
            for region in ("", REGION, "eu-west-1")
        ]

        assert found == [here, here, there]

    @pytest.mark.parametrize("account_id", [OTHER, UNKNOWN])
    def test_what_is_not_there_is_not_found_and_makes_no_store(self, accounts: Accounts, account_id: str) -> None:
        accounts.create(HOME)
        accounts.stores.of(OTHER)
        arn = f"arn:aws:lambda:{REGION}:{account_id}:function:orders"

        with pytest.raises(ServiceFault, match=f"Function not found: {arn}") as refused:
            accounts.stores.resolve(arn)

        assert refused.value.code == "ResourceNotFoundException"
        assert [store.account_id for store in accounts.stores.all()] == [HOME, OTHER]


class TestAsInvocationsAsk:
    def test_each_account_has_its_own_concurrency(self, accounts: Accounts) -> None:
        home, other = accounts.create(HOME), accounts.create(OTHER)
        functions = StoredFunctions(accounts.stores)
        store = accounts.stores.of(OTHER)

        store.concurrency.reserve(store.parse("orders"), 300)

        assert (functions.reserved(home), functions.reserved(other)) == (None, 300)
        assert functions.unreserved(f"{OTHER}/{REGION}") == 700
        assert functions.unreserved(f"{HOME}/{REGION}") == 1000
        assert functions.unreserved(f"{OTHER}/eu-west-1") == 1000

    def test_a_place_is_what_a_configuration_calls_it(self, accounts: Accounts) -> None:
        arn = accounts.create(OTHER)

        latest = StoredFunctions(accounts.stores).latest(arn)

        assert latest is not None
        assert latest.place == f"{OTHER}/{REGION}"

    def test_what_is_provisioned_is_found_and_reported_by_arn(self, accounts: Accounts) -> None:
        accounts.create(HOME)
        arn, store = accounts.create(OTHER), accounts.stores.of(OTHER)
        version = store.publish("orders", REGION).version
        named = store.parse("orders", version)
        store.concurrency.provision(named, 2)
        functions = StoredFunctions(accounts.stores)

        functions.report(arn, version, allocated=2, available=2, status="READY")

        (wanted,) = functions.wanted(arn)
        assert (wanted.qualifier, wanted.requested) == (version, 2)
        assert store.concurrency.config(named).status == "READY"

    def test_an_account_that_nobody_named_wants_nothing(self, accounts: Accounts) -> None:
        arn = f"arn:aws:lambda:{REGION}:{UNKNOWN}:function:orders"
        functions = StoredFunctions(accounts.stores)

        functions.report(arn, "1", allocated=1, available=1, status="READY")

        assert functions.latest(arn) is None
        assert functions.treatment(arn, "") is None
        assert functions.reserved(arn) is None
        assert not functions.recursion_allowed(arn)
        assert list(functions.wanted(arn)) == []
        assert [store.account_id for store in accounts.stores.all()] == [HOME]
