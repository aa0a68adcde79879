"""What a harness is started with, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of `lambdakit.Harness`, and what only its process needs.

    enforce_iam: `on` lets calls through of which it is not known what they need, `strict` refuses them.
    port: of the endpoint; 0 lets the system choose.
    seed: of the draws by which an alias with weights chooses a version.
    token: what control calls must carry.
    """

    account_id: str = "123456789012"
    region: str = "us-east-1"
    enforce_iam: str = "on"
    enforce_network: str = "on"
    sandbox: str = "auto"
    unsupported: str = "error"
    port: int = 0
    seed: int = 0
    token: str = ""


_TEXTS = ("account_id", "region", "enforce_iam", "enforce_network", "sandbox", "unsupported", "token")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "enforce_iam": ("on", "strict", "off"),
    "enforce_network": ("on", "off"),
    "sandbox": ("auto", "off"),
    "unsupported": ("error", "warn"),
}


def read_options(wire: Mapping[str, object]) -> Options:
    """Options from JSON. HarnessError for a value that is not allowed."""
    unknown = sorted(set(wire) - {*_TEXTS, "port", "seed"})
    if unknown:
        raise _refused(f"{unknown[0]} is no option of the harness")
    port = wire.get("port", 0)
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65_535:
        raise _refused(f"port: {port!r} is not a number from 0 to 65535")
    seed = wire.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise _refused(f"seed: {seed!r} is not a whole number")
    texts = {name: str(wire[name]) for name in _TEXTS if name in wire}
    options = Options(port=port, seed=seed, **texts)
    if not re.fullmatch(r"[0-9]{12}", options.account_id):
        raise _refused(f"account_id: {options.account_id!r} is not 12 digits")
    if not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}", options.region):
        raise _refused(f"region: {options.region!r} is not the name of a region, such as us-east-1")
    for name, allowed in _CHOICES.items():
        if getattr(options, name) not in allowed:
            raise _refused(f"{name}: {getattr(options, name)!r} is none of {', '.join(allowed)}")
    return options


def _refused(problem: str) -> HarnessError:
    return HarnessError(Diagnostic(problem=problem, code="LK502"))
