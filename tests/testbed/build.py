"""Provision a domain and fill it with a scenario, without starting it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .cache import cached, unpack
from .domain import ADMIN_PASSWORD, FIRST, Machine
from .place import Place, configure, configure_resolver, namespace, run
from .requirements import SYSTEM_PYTHON
from .scenario import Scenario

HERE = Path(__file__).parent
BUILD_ADDRESS = "127.0.0.20"
_RECIPE = ("build.py", "domain.py", "place.py", "provision.py")


def archive(scenario: Scenario, machine: Machine = FIRST) -> Path:
    """The filled directory; scenarios of a domain share its provisioning."""
    suffix = "" if machine is FIRST else f"-{machine.netbios.lower()}"
    provisioned = cached(f"provisioned{suffix}", _recipe() + suffix, lambda folder: _provision(folder, machine))
    made_from = provisioned.name + (HERE / "fill.py").read_text() + scenario.instructions
    return cached(scenario.name, made_from, lambda folder: _fill(folder, provisioned, scenario, machine))


def _recipe() -> str:
    version = subprocess.run(["/usr/sbin/samba", "--version"], capture_output=True, text=True, check=True).stdout
    return "".join([version, *((HERE / name).read_text() for name in _RECIPE)])


def boot_file(place: Place) -> Path:
    """The configuration with which a controller is made; its own is written when it is to run."""
    for name in ("etc", "private", "state", "run/ncalrpc", "log", "lock", "cache"):
        (place.folder / name).mkdir(parents=True)
    boot = place.folder / "etc/boot.conf"
    boot.write_text("[global]\n")
    configure_resolver(place)
    return boot


def network_options(place: Place) -> tuple[str, ...]:
    return (
        f"--option=interfaces={place.ip}/8",
        "--option=bind interfaces only=yes",
        "--option=dns forwarder=127.0.0.254",
    )


def _provision(folder: Path, machine: Machine) -> None:
    place = Place(folder, BUILD_ADDRESS, machine)
    boot = boot_file(place)
    run(
        *namespace(place),
        *(SYSTEM_PYTHON, HERE / "provision.py"),
        *("domain", "provision", "-s", boot, f"--targetdir={folder}", "--quiet"),
        *(f"--realm={machine.realm}", f"--domain={machine.netbios}", "--server-role=dc", "--use-rfc2307"),
        *("--dns-backend=SAMBA_INTERNAL", f"--adminpass={ADMIN_PASSWORD}", f"--domain-sid={machine.domain_sid}"),
        *(f"--host-name={machine.host}", f"--host-ip={place.ip}"),
        *("--function-level=2008_R2", "--base-schema=2016"),
        *network_options(place),
    )


def _fill(folder: Path, provisioned: Path, scenario: Scenario, machine: Machine) -> None:
    unpack(provisioned, folder)
    fill(Place(folder, BUILD_ADDRESS, machine), scenario)


def fill(place: Place, scenario: Scenario) -> None:
    configure(place, "no")
    run(
        *namespace(place),
        *(SYSTEM_PYTHON, HERE / "fill.py"),
        *(place.config, place.folder / "private/sam.ldb", place.folder / "state/sysvol"),
        text=scenario.instructions,
    )
