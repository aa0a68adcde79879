"""Which behaviour a path belongs to.

Source: Amazon CloudFront Developer Guide, "Values that you specify when you create or update a distribution" ("Path
pattern": the first match counts, a leading slash does not, case does; `*` and `?`).
"""

from __future__ import annotations

from lambdakit.harness.routing.distribution.configuration import Behavior, DistributionConfiguration
from lambdakit.harness.routing.distribution.wildcards import expression


def behavior_of(configuration: DistributionConfiguration, path: str) -> Behavior:
    """The first behaviour whose pattern a path matches; the default one takes the rest."""
    plain = path.removeprefix("/")
    for behavior in configuration.behaviors:
        if not behavior.pattern or expression(behavior.pattern.removeprefix("/")).fullmatch(plain):
            return behavior
    return configuration.behaviors[-1]
