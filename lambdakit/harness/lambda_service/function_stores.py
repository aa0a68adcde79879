"""The functions of every account: one store for each, made when it is first needed.

A harness has one account of its own; stacks may name others, and so may the ARN that a caller gives.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from lambdakit.clock import Clock, HarnessClock
from lambdakit.harness.lambda_service.function_name import parse_function_name
from lambdakit.harness.lambda_service.function_table import missing
from lambdakit.harness.lambda_service.store import FunctionStore, Target


class FunctionStores:
    """The stores, by account.

    account_id, region: the harness's own, which is meant where nobody names another.
    on_changed: told the unqualified ARN of a function whose environments are no longer what they should be.
    seed: of the draws by which an alias with weights chooses a version.
    """

    def __init__(
        self,
        *,
        account_id: str,
        region: str,
        on_changed: Callable[[str], None],
        clock: Clock | None = None,
        seed: int = 0,
    ) -> None:
        self.account_id = account_id
        self.region = region
        self._on_changed = on_changed
        self._clock = clock or HarnessClock()
        self._seed = seed
        self._stores: dict[str, FunctionStore] = {}
        self._on_made: list[Callable[[FunctionStore], None]] = []
        self._lock = threading.Lock()
        self.of(account_id)

    def of(self, account_id: str) -> FunctionStore:
        """The store of an account, which need not have been named before. Empty: the harness's own."""
        wanted = account_id or self.account_id
        with self._lock:
            store = self._stores.get(wanted)
            if store is None:
                store = FunctionStore(
                    account_id=wanted,
                    region=self.region,
                    on_changed=self._on_changed,
                    clock=self._clock,
                    seed=self._seed,
                )
                for on_made in self._on_made:
                    on_made(store)
                self._stores[wanted] = store
        return store

    def find(self, arn: str) -> FunctionStore | None:
        """The store that a function with this ARN would be in; None when its account has none, or it is no ARN."""
        parts = arn.split(":", 5)
        return self._stores.get(parts[4]) if len(parts) == 6 else None

    def all(self) -> Sequence[FunctionStore]:
        """Every store, the harness's own first."""
        with self._lock:
            return list(self._stores.values())

    def each(self, on_made: Callable[[FunctionStore], None]) -> None:
        """Calls `on_made` with every store: at once with those that are there, later before anybody else gets one.

        It may watch the store, and must not ask for others.
        """
        with self._lock:
            self._on_made.append(on_made)
            for store in self._stores.values():
                on_made(store)

    def resolve(self, text: str, qualifier: str = "", *, region: str = "", account_id: str = "") -> Target:
        """The version that a caller means; see `FunctionStore.resolve`. An ARN goes by the account that it names.

        region, account_id: where a bare name is looked for; absence: the harness's own.
        """
        named = parse_function_name(
            text, qualifier, account_id=account_id or self.account_id, region=region or self.region
        )
        store = self._stores.get(named.account_id)
        if store is None:
            raise missing(named)
        return store.target(named)
