"""How often the memory of what executes is looked at."""

from __future__ import annotations

import pytest

from lambdakit.harness.runtime.memory_watch import next_look_at


@pytest.mark.parametrize(
    ("took", "pause"),
    [(0.0, 0.01), (0.0001, 0.01), (0.002, 0.01), (0.004, 0.02), (0.1, 0.5)],
)
def test_looking_takes_no_more_than_a_fifth_of_the_time(took: float, pause: float) -> None:
    assert next_look_at(100.0, 100.0 + took) == pytest.approx(100.0 + pause)
