"""Ask a question about a rule pack in a process of its own, which may use so much memory and time and no more.

DuckDB's own limits do not bound one function call: a single ``repeat()`` passes a limit of 200 MB by gigabytes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import adaudit
from adaudit.errors import UsageError

MEMORY: Final = 3 * 1024**3
"""Bytes of address space of the process."""

START_SECONDS: Final = 30.0
"""Added to the time of a question: the process has to start and to read its tables."""

_MOST_ANSWERED: Final = 64 * 1024**2
_KEPT_VARIABLES: Final = ("LANG", "LD_LIBRARY_PATH", "PATH")


class Overrun(Exception):
    """No answer: ``reason`` is ``timeout`` or ``failed``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def ask(question: str, *, seconds: float, **details: Any) -> Any:
    """What ``adaudit.engine.pack_process`` answers, as JSON values.

    Raises Overrun when the process needs more than ``seconds`` or ``MEMORY``, or fails; UsageError where no process
    can be confined.
    """
    if sys.platform == "win32":
        raise UsageError("rule packs run in a process whose memory is bounded, which Windows has no simple way to do")
    with tempfile.TemporaryDirectory(prefix="adaudit-") as folder:
        answer = Path(folder, "answer.json")
        asked = {"question": question, "answer": str(answer), "memory": MEMORY, "seconds": seconds, **details}
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        try:
            process = subprocess.run(
                [sys.executable, "-P", "-m", "adaudit.engine.pack_process"],
                input=json.dumps(asked).encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=seconds + START_SECONDS,
                cwd=folder,
                env=environment | {"PYTHONPATH": str(Path(adaudit.__file__).parents[1]), "TMPDIR": folder},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Overrun("timeout", f"killed after {seconds + START_SECONDS:g} s") from error
        return _answered(answer, process.returncode)


def _answered(path: Path, code: int) -> Any:
    if code < 0:
        raise Overrun("failed", f"its process ended with {signal.Signals(-code).name}")
    if code or not path.is_file():
        raise Overrun("failed", f"its process ended with code {code}")
    if path.stat().st_size > _MOST_ANSWERED:
        raise Overrun("failed", f"it finds more than {_MOST_ANSWERED // 1024**2} MiB can tell")
    answer = json.loads(path.read_bytes())
    if "failed" in answer:
        raise Overrun("failed", answer["failed"])
    return answer["answer"]
