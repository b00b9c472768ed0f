"""A forest of several controllers and domains, as far as Samba goes, beside the test directory of one.

``second_controller`` is a real second controller of the domain, joined to it: accounts, GUIDs and passwords are the
same, logons are its own. It holds no DNS partition. Samba has no second domain in a forest: the configuration of that
controller tells of one by crossRefs planted there (Samba refuses NTDS Settings that hold a domain it does not know),
and ``second_domain`` is the only domain of a forest of its own, whose answers a test must change to say that its
configuration is that of the first. Nothing replicates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .build import BUILD_ADDRESS, HERE, archive, boot_file, fill, network_options
from .cache import cached
from .controller import running, started
from .directory import Directory
from .domain import ADMIN_PASSWORD, AUDITOR, AUDITOR_PASSWORD, DNS_NAME, ELSEWHERE, FIRST, PLACES, SECOND
from .place import Place, namespace, run
from .requirements import check_requirements
from .scenario import Scenario, load_scenario

_SERVERS = f"CN=Servers,CN=Default-First-Site-Name,{PLACES['sites']}"
_PARTITIONS = f"CN=Partitions,{PLACES['config']}"


def _scenario(name: str, *objects: dict[str, Any]) -> Scenario:
    instructions = json.dumps({"objects": objects, "files": []})
    return Scenario(
        name, instructions, tuple(each["dn"] for each in objects), frozenset(), frozenset(), (), (), frozenset()
    )


def _cross_ref(name: str, dns_name: str, system_flags: int) -> dict[str, Any]:
    return {
        "dn": f"CN={name},{_PARTITIONS}",
        "objectClass": "crossRef",
        "nCName": ",".join(f"DC={label}" for label in dns_name.split(".")),
        "dnsRoot": dns_name,
        "systemFlags": system_flags,
    }


KNOWN_ELSEWHERE = _scenario(
    "joined",
    {**_cross_ref("LYON", "lyon.test", 3), "nETBIOSName": "LYON"},
    _cross_ref("lyon-dns", "DomainDnsZones.lyon.test", 5),
    {
        **_cross_ref("corp-dns", "DomainDnsZones.corp.test", 5),
        "msDS-NC-Replica-Locations": f"CN=NTDS Settings,CN=DC1,{_SERVERS}",
    },
    {**_cross_ref("BREST", "brest.test", 3), "nETBIOSName": "BREST"},
)
"""Two more domains: ``lyon.test``, which ``second_domain`` runs, and ``brest.test``, which has no controller.

Samba hides the name in its own crossRef of a partition that it does not hold: ``corp-dns`` tells it again."""

_ELSEWHERE_ACCOUNT = _scenario(
    "lyon",
    {
        "dn": f"CN={AUDITOR},CN=Users,{ELSEWHERE.base_dn}",
        "objectClass": "user",
        "sAMAccountName": AUDITOR,
        "userPrincipalName": f"{AUDITOR}@{DNS_NAME}",
        "password": AUDITOR_PASSWORD,
    },
)
"""In place of a trust: the same name and password open a simple bind in both domains."""


@contextmanager
def second_controller() -> Iterator[Directory]:
    """``dc2.corp.test``, holding what the scenario "baseline" holds."""
    check_requirements()
    first = archive(load_scenario("baseline"))
    made_from = first.name + KNOWN_ELSEWHERE.instructions + Path(__file__).read_text() + (HERE / "fill.py").read_text()
    with started(cached("joined", made_from, _join), KNOWN_ELSEWHERE, SECOND) as directory:
        yield directory


@contextmanager
def second_domain() -> Iterator[Directory]:
    """``dc1.lyon.test``."""
    check_requirements()
    with started(archive(_ELSEWHERE_ACCOUNT, ELSEWHERE), _ELSEWHERE_ACCOUNT, ELSEWHERE) as directory:
        yield directory


def _join(folder: Path) -> None:
    with running("baseline") as first:
        place = Place(folder, BUILD_ADDRESS, SECOND, {FIRST.host_name: first.ip})
        boot = boot_file(place)
        run(
            *namespace(place),
            *("samba-tool", "domain", "join", FIRST.dns_name, "DC", "-s", boot, f"--targetdir={folder}"),
            *(f"--server={FIRST.host_name}", "--dns-backend=NONE", "--use-kerberos=off"),
            *("-U", f"{FIRST.netbios}\\Administrator%{ADMIN_PASSWORD}", f"--option=netbios name={SECOND.host}"),
            *network_options(place),
        )
    fill(place, KNOWN_ELSEWHERE)
