"""What a harness is started with: the values a caller may give, checked, and as the harness's process reads them."""

from __future__ import annotations

import re
from typing import Literal

from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.records import dataclass

EnforceIam = Literal["on", "strict", "off"]
EnforceNetwork = Literal["on", "off"]
Sandbox = Literal["auto", "off"]
Unsupported = Literal["error", "warn"]

_CHOICES = {
    "enforce_iam": ("on", "strict", "off"),
    "enforce_network": ("on", "off"),
    "sandbox": ("auto", "off"),
    "unsupported": ("error", "warn"),
}
_PORT_MAX = 65_535
# Partition or area, place, number: `us-gov-west-1`, `eusc-de-east-1`.
# Source: AWS General Reference, "Regions and zones"
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HarnessOptions:
    """The options of one harness.

    account_id: 12 digits.
    port: where the endpoint listens; None for any free port.
    seed: of the draws by which an alias with weights chooses a version.
    """

    account_id: str
    region: str
    enforce_iam: EnforceIam
    enforce_network: EnforceNetwork
    sandbox: Sandbox
    unsupported: Unsupported
    port: int | None
    seed: int = 0

    def check(self) -> None:
        """HarnessError naming every value that is not allowed."""
        diagnostics = [*self._wrong_identity(), *self._wrong_choices(), *self._wrong_port(), *self._wrong_seed()]
        if diagnostics:
            raise HarnessError(*diagnostics)

    def to_wire(self, *, token: str) -> dict[str, object]:
        """The start line of the harness's process. token: what its control API will ask for."""
        return {
            "account_id": self.account_id,
            "region": self.region,
            "enforce_iam": self.enforce_iam,
            "enforce_network": self.enforce_network,
            "sandbox": self.sandbox,
            "unsupported": self.unsupported,
            "port": 0 if self.port is None else self.port,
            "seed": self.seed,
            "token": token,
        }

    def _wrong_identity(self) -> list[Diagnostic]:
        wrong = []
        if not (isinstance(self.account_id, str) and re.fullmatch("[0-9]{12}", self.account_id)):
            wrong.append(
                _wrong(
                    "account_id",
                    f"{self.account_id!r} is no account id: a string of 12 digits",
                    hint='pass account_id="123456789012"',
                )
            )
        if not (isinstance(self.region, str) and _REGION.fullmatch(self.region)):
            wrong.append(
                _wrong("region", f"{self.region!r} does not name an AWS region", hint='pass region="us-east-1"')
            )
        return wrong

    def _wrong_choices(self) -> list[Diagnostic]:
        wrong = []
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                choices = ", ".join(f'"{choice}"' for choice in allowed)
                wrong.append(_wrong(name, f"{value!r} is not one of {choices}", hint=f'pass {name}="{allowed[-1]}"'))
        return wrong

    def _wrong_port(self) -> list[Diagnostic]:
        if self.port is None or (type(self.port) is int and 0 <= self.port <= _PORT_MAX):
            return []
        problem = f"{self.port!r} is no port: a whole number from 0 (any free one) to {_PORT_MAX}"
        return [_wrong("port", problem, hint="leave it out for any free port")]

    def _wrong_seed(self) -> list[Diagnostic]:
        if type(self.seed) is int:
            return []
        return [_wrong("seed", f"{self.seed!r} is no seed: a whole number", hint="leave it out for 0")]


def _wrong(option: str, problem: str, *, hint: str) -> Diagnostic:
    return Diagnostic(pointer=option, problem=problem, code="LK502", hint=hint)
