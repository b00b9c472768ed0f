"""A progress bar on stderr, when stderr is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from adaudit.visible import visible

if TYPE_CHECKING:
    from adaudit.collect.sweep import Step


@contextmanager
def collection_progress() -> Iterator[Callable[[Step], None]]:
    """What to call after each step; it draws nothing when stderr is not a terminal. NO_COLOR is respected."""
    if not sys.stderr.isatty():
        yield lambda _step: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(bar_width=24),
        TextColumn("{task.fields[objects]:>9,} objects", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("connected", total=None, objects=0)

        def draw(step: Step) -> None:
            if step.part is None:
                bar.update(task, description="writing the snapshot", total=1, completed=1, objects=step.objects)
            else:
                part = visible(step.part)
                bar.update(task, description=part, total=step.parts, completed=step.parts_done, objects=step.objects)

        yield draw
