"""Provision a domain and fill it with a scenario, without starting it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .cache import cached, unpack
from .domain import ADMIN_PASSWORD, DOMAIN_SID, HOST, NETBIOS, REALM
from .place import Place, configure, configure_resolver, namespace, run
from .requirements import SYSTEM_PYTHON
from .scenario import Scenario

HERE = Path(__file__).parent
_BUILD_ADDRESS = "127.0.0.20"
_RECIPE = ("build.py", "domain.py", "place.py", "provision.py")


def archive(scenario: Scenario) -> Path:
    """The filled directory; scenarios share one provisioned domain."""
    version = subprocess.run(["/usr/sbin/samba", "--version"], capture_output=True, text=True, check=True).stdout
    recipe = [version, *((HERE / name).read_text() for name in _RECIPE)]
    provisioned = cached("provisioned", "".join(recipe), _provision)
    made_from = provisioned.name + (HERE / "fill.py").read_text() + scenario.instructions
    return cached(scenario.name, made_from, lambda folder: _fill(folder, provisioned, scenario))


def _provision(folder: Path) -> None:
    place = Place(folder, _BUILD_ADDRESS)
    for name in ("etc", "private", "state", "run", "log"):
        (folder / name).mkdir()
    boot = folder / "etc/boot.conf"
    boot.write_text("[global]\n")
    configure_resolver(place)
    run(
        *namespace(place),
        *(SYSTEM_PYTHON, HERE / "provision.py"),
        *("domain", "provision", "-s", boot, f"--targetdir={folder}", "--quiet"),
        *(f"--realm={REALM}", f"--domain={NETBIOS}", "--server-role=dc", "--use-rfc2307"),
        *("--dns-backend=SAMBA_INTERNAL", f"--adminpass={ADMIN_PASSWORD}", f"--domain-sid={DOMAIN_SID}"),
        *(f"--host-name={HOST}", f"--host-ip={place.ip}"),
        *("--function-level=2008_R2", "--base-schema=2016"),
        *(f"--option=interfaces={place.ip}/8", "--option=bind interfaces only=yes"),
        "--option=dns forwarder=127.0.0.254",
    )


def _fill(folder: Path, provisioned: Path, scenario: Scenario) -> None:
    place = Place(folder, _BUILD_ADDRESS)
    unpack(provisioned, folder)
    configure(place, "no")
    run(
        *namespace(place),
        *(SYSTEM_PYTHON, HERE / "fill.py"),
        *(place.config, folder / "private/sam.ldb", folder / "state/sysvol"),
        text=scenario.instructions,
    )
