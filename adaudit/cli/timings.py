"""``adaudit audit --timings``: what each step took."""

from __future__ import annotations

import time
from collections.abc import Iterator

from adaudit.engine.model import Audit


class Stopwatch:
    """Seconds from one lap to the next, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = now - self._last
        self._last = now


def timing_lines(judged: Audit, watch: Stopwatch) -> Iterator[str]:
    """Seconds of each rule, of each table computed (``derive``) or loaded (``load``), slowest first; then the laps."""
    steps = [(timing.seconds, timing.step, timing.name) for timing in judged.timings]
    steps += [(result.seconds, "rule", result.rule.id) for result in judged.results]
    for seconds, step, name in sorted(steps, reverse=True):
        yield f"{seconds:9.3f} s  {step:6}  {name}"
    for name, seconds in watch.laps.items():
        yield f"{seconds:9.3f} s  {name}"
