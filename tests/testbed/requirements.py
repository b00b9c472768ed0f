"""What a test directory needs from the machine, checked before anything is started."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .errors import TestbedError

SYSTEM_PYTHON = "/usr/bin/python3"
_COMMANDS = ("samba", "ldapsearch", "tar", "unshare", "setpriv", "mount")
_NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "true"]


def check_requirements(folder: Path) -> None:
    """Raises TestbedError, naming everything missing; ``folder`` is where directories will run."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise TestbedError("the test directory needs root on Linux: a domain controller listens on ports below 1024")
    search_path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [name for name in _COMMANDS if not shutil.which(name, path=search_path)]
    modules = subprocess.run([SYSTEM_PYTHON, "-c", "import samba.samdb, samba.provision"], capture_output=True)
    if modules.returncode:
        missing.append("python3-samba")
    if not Path("/usr/share/samba/setup/provision.ldif").exists():
        missing.append("samba-ad-provision")
    if missing:
        raise TestbedError(f"the test directory needs {', '.join(missing)}: run tests/install.sh (make test does)")
    namespaces = subprocess.run(_NAMESPACES, capture_output=True, text=True)
    if namespaces.returncode:
        raise TestbedError(f"the test directory needs mount and process namespaces: {namespaces.stderr.strip()}")
    _check_extended_attributes(folder)


def _check_extended_attributes(folder: Path) -> None:
    probe = folder / "xattr-probe"
    probe.touch()
    try:
        os.setxattr(probe, "user.adaudit", b"1")
        os.setxattr(probe, "security.adaudit", b"1")
    except OSError as error:
        raise TestbedError(
            f"{folder} must keep extended attributes, set TMPDIR to a folder that does: {error}"
        ) from None
    finally:
        probe.unlink()
