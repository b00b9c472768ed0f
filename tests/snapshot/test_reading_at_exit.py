"""A process that ends right after it has read a snapshot ends well."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

READ = """
import sys
from pathlib import Path
from adaudit.snapshot import open_snapshot

threads = Path("/proc/self/task")
before = len(list(threads.iterdir()))
with open_snapshot(Path(sys.argv[1])) as snapshot:
    assert snapshot.table("coverage").num_rows == 2
print(len(list(threads.iterdir())) - before)
"""


def test_reading_a_table_leaves_no_thread_behind(sealed: Path) -> None:
    """One that still lets go of a Python object while the interpreter ends would abort the process."""
    ended = subprocess.run([sys.executable, "-c", READ, str(sealed)], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "0"
