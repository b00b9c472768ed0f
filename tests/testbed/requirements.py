"""What a test directory needs from the machine, checked before anything is started."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .errors import TestbedError

SYSTEM_PYTHON = "/usr/bin/python3"
_COMMANDS = ("samba", "ldapsearch", "tar", "kinit", "ktutil", "unshare", "setpriv", "mount")
_NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "true"]


def check_requirements() -> None:
    """Raises TestbedError, naming everything missing."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise TestbedError("the test directory needs root on Linux: a domain controller listens on ports below 1024")
    search_path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [name for name in _COMMANDS if not shutil.which(name, path=search_path)]
    modules = ["sh", "-c", f"{SYSTEM_PYTHON} -c 'import samba'"]
    if subprocess.run(modules, capture_output=True).returncode:
        missing.append("python3-samba")
    if not Path("/usr/share/samba/setup/provision.ldif").exists():
        missing.append("samba-ad-provision")
    if missing:
        raise TestbedError(f"the test directory needs {', '.join(missing)}: run tests/install.sh (make test does)")
    namespaces = subprocess.run(_NAMESPACES, capture_output=True, text=True)
    if namespaces.returncode:
        raise TestbedError(f"the test directory needs mount and process namespaces: {namespaces.stderr.strip()}")


def check_extended_attributes(folder: Path) -> None:
    """Raises TestbedError unless ``folder``, where controllers run, keeps what Samba writes beside files."""
    with tempfile.NamedTemporaryFile(dir=folder) as probe:
        try:
            os.setxattr(probe.name, "user.adaudit", b"1")
            os.setxattr(probe.name, "security.adaudit", b"1")
        except OSError as error:
            message = f"{folder} keeps no extended attributes, set TMPDIR to a folder that does: {error}"
            raise TestbedError(message) from error
