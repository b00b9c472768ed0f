"""What is read since an earlier snapshot equals what a full collection reads, whatever happened to the directory.

Every change is made by the administrator, as one would at a hospital; adaudit only reads.
"""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adaudit.collect.authentication import Simple
from adaudit.collect.collector import Collector
from adaudit.collect.endpoint import Endpoint
from adaudit.decode.descriptor import parse_descriptor
from adaudit.decode.sddl import from_sddl, to_sddl
from adaudit.snapshot import open_snapshot
from tests.collect.comparison import differences

if TYPE_CHECKING:
    from tests.testbed import Directory

pytestmark = pytest.mark.samba

SD_FLAGS = "1.2.840.113556.1.4.801"
DACL_ONLY = "MAMCAQQ="
SHOW_DELETED = "1.2.840.113556.1.4.417"
NEW_PASSWORD = "Testbed-Change-2026!"


class Administrator:
    """Changes a running directory."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.base = directory.base_dn

    def modify(self, ldif: str) -> None:
        command = ["ldapmodify", "-x", "-H", self.directory.ldaps_url, "-D", self.directory.admin.user]
        subprocess.run(
            [*command, "-w", self.directory.admin.password],
            env={"LDAPTLS_CACERT": str(self.directory.ca_file)},
            input=ldif.replace("BASE", self.base),
            text=True,
            check=True,
            capture_output=True,
        )

    def add(self, rdn: str, object_class: str, *lines: str) -> None:
        changes = [f"dn: {rdn},BASE", "changetype: add", f"objectClass: {object_class}", *lines]
        self.modify("\n".join(changes) + "\n")

    def replace(self, rdn: str, attribute: str, value: str) -> None:
        self.modify(f"dn: {rdn},BASE\nchangetype: modify\nreplace: {attribute}\n{attribute}{value}\n")

    def link(self, what: str, group: str, member: str) -> None:
        self.modify(f"dn: {group},BASE\nchangetype: modify\n{what}: member\nmember: {member},BASE\n")

    def rename(self, rdn: str, new: str, parent: str) -> None:
        superior = f"{parent},BASE" if parent else "BASE"
        self.modify(f"dn: {rdn},BASE\nchangetype: modrdn\nnewrdn: {new}\ndeleteoldrdn: 1\nnewsuperior: {superior}\n")

    def delete(self, rdn: str) -> None:
        self.modify(f"dn: {rdn},BASE\nchangetype: delete\n")

    def inherit(self, dn: str, ace: str) -> None:
        """Put an ACE in front of the DACL of an object."""
        only = ("-E", f"!{SD_FLAGS}=::{DACL_ONLY}")
        asked = ("-o", "ldif-wrap=no", *only, "-s", "base", "-b", dn.replace("BASE", self.base))
        found = self.directory.ldapsearch(*asked, "nTSecurityDescriptor", account=self.directory.admin)
        raw = base64.b64decode(found.partition("nTSecurityDescriptor:: ")[2].split()[0])
        sddl = re.sub(r"(D:[A-Z]*)", rf"\1{ace}", to_sddl(parse_descriptor(raw)), count=1)
        value = base64.b64encode(from_sddl(sddl)).decode()
        control = f"control: {SD_FLAGS} true:: {DACL_ONLY}"
        change = f"replace: nTSecurityDescriptor\nnTSecurityDescriptor:: {value}"
        self.modify(f"dn: {dn}\n{control}\nchangetype: modify\n{change}\n")

    def restore(self, name: str, parent: str) -> None:
        asked = ("-o", "ldif-wrap=no", "-E", f"!{SHOW_DELETED}", "-b", f"CN=Deleted Objects,{self.base}")
        found = self.directory.ldapsearch(*asked, f"(name={name}*)", "1.1", account=self.directory.admin)
        head = [line for line in found.splitlines() if line.startswith("dn:")]
        head += [f"control: {SHOW_DELETED} true", "changetype: modify", "delete: isDeleted", "-"]
        name_again = ["replace: distinguishedName", f"distinguishedName: CN={name},{parent},BASE"]
        self.modify("\n".join([*head, *name_again]) + "\n")

    def fail_to_log_on(self, user: str) -> None:
        """A wrong password."""
        command = ["ldapsearch", "-x", "-H", self.directory.ldaps_url, "-D", f"{user}@corp.test", "-w", "wrong"]
        done = subprocess.run(
            command, env={"LDAPTLS_CACERT": str(self.directory.ca_file)}, capture_output=True, check=False
        )
        assert done.returncode == 49


def people(admin: Administrator) -> None:
    admin.add("OU=Soins", "organizationalUnit")
    admin.add("OU=Nuit,OU=Soins", "organizationalUnit")
    for rdn in ("CN=alix,OU=Soins", "CN=basile,OU=Nuit,OU=Soins", "CN=camille,OU=Soins", "CN=denise,CN=Users"):
        name = rdn[3:].partition(",")[0]
        password = base64.b64encode(f'"{NEW_PASSWORD}1"'.encode("utf-16-le")).decode()
        admin.add(rdn, "user", f"sAMAccountName: {name}", f"unicodePwd:: {password}", "userAccountControl: 512")
    for rdn in ("CN=lecteurs,OU=Soins", "CN=garde,CN=Users"):
        admin.add(rdn, "group", f"sAMAccountName: {rdn[3:].partition(',')[0]}")
    admin.link("add", "CN=lecteurs,OU=Soins", "CN=denise,CN=Users")
    admin.link("add", "CN=garde,CN=Users", "CN=alix,OU=Soins")
    admin.link("add", "CN=garde,CN=Users", "CN=camille,OU=Soins")
    admin.replace("CN=denise,CN=Users", "manager", ": CN=basile,OU=Nuit,OU=Soins,BASE")


def an_inheritable_ace(admin: Administrator) -> None:
    admin.inherit("OU=Soins,BASE", "(A;CI;RPWP;;;WD)")
    admin.inherit("CN=MicrosoftDNS,DC=DomainDnsZones,BASE", "(A;CI;WP;;;WD)")  # the account cannot read that one


def a_renamed_unit(admin: Administrator) -> None:
    admin.rename("OU=Soins", "OU=Soins courants", "")


def a_moved_unit(admin: Administrator) -> None:
    admin.add("OU=Archives", "organizationalUnit")
    admin.inherit("OU=Archives,BASE", "(D;CI;WP;;;WD)")
    admin.rename("OU=Nuit,OU=Soins courants", "OU=Nuit", "OU=Archives")


def links(admin: Administrator) -> None:
    admin.link("delete", "CN=garde,CN=Users", "CN=alix,OU=Soins courants")
    admin.link("add", "CN=garde,CN=Users", "CN=basile,OU=Nuit,OU=Archives")


def a_deleted_user(admin: Administrator) -> None:
    admin.delete("CN=camille,OU=Soins courants")
    admin.delete("CN=ipsecFilter{72385235-70FA-11D1-864C-14A300000000},CN=IP Security,CN=System")  # its GUID is hidden


def a_restored_user(admin: Administrator) -> None:
    admin.restore("camille", "OU=Soins courants")


def a_deleted_group_and_new_objects(admin: Administrator) -> None:
    admin.delete("CN=garde,CN=Users")
    admin.add("CN=emile,OU=Archives", "contact")
    admin.add("CN=poste,OU=Archives", "computer", "sAMAccountName: poste$", "userAccountControl: 4096")
    admin.link("add", "CN=lecteurs,OU=Soins courants", "CN=poste,OU=Archives")


def passwords_and_logons(admin: Administrator) -> None:
    password = base64.b64encode(f'"{NEW_PASSWORD}"'.encode("utf-16-le")).decode()
    admin.replace("CN=denise,CN=Users", "unicodePwd", f":: {password}")
    admin.replace("CN=alix,OU=Soins courants", "pwdLastSet", ": 0")
    for _ in range(3):
        admin.fail_to_log_on("basile")
    admin.modify("dn: BASE\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: 2\n")
    admin.fail_to_log_on("camille")
    admin.fail_to_log_on("camille")


STEPS: tuple[Callable[[Administrator], None], ...] = (
    an_inheritable_ace,
    a_renamed_unit,
    a_moved_unit,
    links,
    a_deleted_user,
    a_restored_user,
    a_deleted_group_and_new_objects,
    passwords_and_logons,
)


def collect(directory: Directory, path: Path, since: Path | None = None) -> Path:
    credentials = Simple(directory.auditor.user, directory.auditor.password)
    Collector(Endpoint(directory.ip, ca_file=Path(directory.ca_file)), credentials, since=since).run(path)
    return path


def test_after_each_change_what_is_read_since_equals_a_full_collection(tmp_path: Path) -> None:
    from tests.testbed import running

    with running("baseline") as directory:
        administrator = Administrator(directory)
        people(administrator)
        earlier = before = collect(directory, tmp_path / "first.adsnap")
        unequal = {}
        for step in STEPS:
            step(administrator)
            since = collect(directory, tmp_path / f"{step.__name__}.since.adsnap", earlier)
            full = collect(directory, tmp_path / f"{step.__name__}.full.adsnap")
            with open_snapshot(since) as snapshot, open_snapshot(earlier) as previous:
                assert snapshot.manifest.source.since == previous.sha256
                assert snapshot.manifest.complete
            assert differences(before, full), f"{step.__name__} changed nothing"
            if found := differences(since, full):
                unequal[step.__name__] = found
            earlier, before = since, full
        assert unequal == {}
