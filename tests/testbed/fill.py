"""Run by the system's Python, which owns Samba's modules: fill a stopped domain controller.

``fill.py CONFIG SAM.LDB SYSVOL`` reads the instructions of a scenario (JSON, see ``scenario.py``) on standard input.
Samba's whole module stack is used, so descriptors are inherited and defaulted as a running controller does.
"""

import base64
import json
import re
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.ntacls import setntacl
from samba.param import LoadParm
from samba.samdb import SamDB

RELAX = "relax:0"
KEEP_PASSWORD_TIMES = "local_oid:1.3.6.1.4.1.7165.4.3.12:0"
AS_PROVISION = "provision:0"
SKIP_DUPLICATE_SEARCH = "local_oid:1.3.6.1.4.1.7165.4.3.28:0"
OWNER_GROUP_DACL = "sd_flags:1:7"
ONLY_AS_PROVISION = {"foreignSecurityPrincipal", "nTDSDSA", "nTDSDSARO"}
ACCOUNTS = {"user", "computer", "inetOrgPerson", "msDS-GroupManagedServiceAccount", "msDS-ManagedServiceAccount"}
POLICY_FOLDER = (
    "O:DAG:DAD:P(A;OICI;0x1200a9;;;ED)(A;OICI;0x1200a9;;;AU)(A;OICI;FA;;;DA)(A;OICIIO;FA;;;CO)(A;OICI;FA;;;SY)"
)
FOLDER_OF_POLICY = (
    "O:DAG:DAD:AI(A;OICIID;0x1200a9;;;ED)(A;OICIID;0x1200a9;;;AU)"
    "(A;OICIID;FA;;;DA)(A;OICIIOID;FA;;;CO)(A;OICIID;FA;;;SY)"
)
POLICY_FILE = "O:DAG:DAD:AI(A;ID;0x1200a9;;;ED)(A;ID;0x1200a9;;;AU)(A;ID;FA;;;DA)(A;ID;FA;;;SY)"
INSTRUCTIONS = {"dn", "existing", "rename", "groups", "primary_group", "password", "sddl", "aces", "owner"}


class Filler:
    def __init__(self, samdb):
        self.samdb = samdb
        self.domain_sid = security.dom_sid(samdb.get_domain_sid())
        self.sids = {}

    def sid(self, account):
        """Of the account of that sAMAccountName, as text."""
        if account not in self.sids:
            found = self.samdb.search(expression=f"(sAMAccountName={ldb.binary_encode(account)})", attrs=["objectSid"])
            if len(found) != 1:
                raise LookupError(f"{len(found)} accounts are named {account}")
            self.sids[account] = str(ndr_unpack(security.dom_sid, found[0]["objectSid"][0]))
        return self.sids[account]

    def text(self, value):
        return re.sub("%sid:([^%]+)%", lambda match: self.sid(match[1]), value)

    def descriptor(self, sddl):
        return ndr_pack(security.descriptor.from_sddl(self.text(sddl), self.domain_sid))

    def value(self, value):
        """A value of the instructions as the bytes of a directory value."""
        if not isinstance(value, dict):
            return self.text(str(value)).encode()
        ((kind, content),) = value.items()
        if kind == "days_ago":
            return str(int((time.time() - content * 86400 + 11644473600) * 10_000_000)).encode()
        return {
            "base64": base64.b64decode,
            "hex": bytes.fromhex,
            "guid": lambda text: uuid.UUID(text).bytes_le,
            "sid": lambda text: ndr_pack(security.dom_sid(self.text(text))),
            "sddl": self.descriptor,
        }[kind](content)

    def attributes(self, entry):
        return {
            name: [self.value(each) for each in (value if isinstance(value, list) else [value])]
            for name, value in entry.items()
            if name not in INSTRUCTIONS
        }

    def add(self, entry):
        """An account changed its password and logged on lately, unless told otherwise."""
        classes = entry["objectClass"]
        kind = classes if isinstance(classes, str) else classes[-1]
        controls = [RELAX, SKIP_DUPLICATE_SEARCH]
        if "password" in entry:
            entry = {**entry, "unicodePwd": {"base64": base64.b64encode(_quoted(entry["password"])).decode()}}
            entry.setdefault("userAccountControl", 512)
        elif kind in ACCOUNTS:
            entry = {"pwdLastSet": {"days_ago": 30}, "lastLogonTimestamp": {"days_ago": 8}, **entry}
            controls.append(KEEP_PASSWORD_TIMES)
        if kind in ONLY_AS_PROVISION:
            controls.append(AS_PROVISION)
        self.samdb.add({"dn": entry["dn"], **self.attributes(entry)}, controls)

    def change(self, entry):
        dn = ldb.Dn(self.samdb, entry["dn"])
        if "rename" in entry:
            new = ldb.Dn(self.samdb, f"{entry['rename']},{dn.parent()}")
            self.samdb.rename(dn, new, [RELAX])
            dn = new
        message = ldb.Message(dn)
        for name, values in self.attributes(entry).items():
            message[name] = ldb.MessageElement(values, ldb.FLAG_MOD_REPLACE, name)
        if len(message):
            self.samdb.modify(message, [RELAX, KEEP_PASSWORD_TIMES])

    def join(self, entries):
        members = {}
        for entry in entries:
            for group in entry.get("groups", ()):
                members.setdefault(group, []).append(_final_dn(entry))
        for group, dns in members.items():
            message = ldb.Message(ldb.Dn(self.samdb, group))
            message["member"] = ldb.MessageElement(dns, ldb.FLAG_MOD_ADD, "member")
            with located(f"members of {group}"):
                self.samdb.modify(message)

    def choose_primary_group(self, entry):
        if "primary_group" in entry:
            rid = self.sid(entry["primary_group"]).rpartition("-")[2]
            self.change({"dn": _final_dn(entry), "primaryGroupID": rid})

    def protect(self, entry):
        """Give the object its own descriptor, or ACEs and an owner of its own."""
        if "sddl" in entry:
            self.set_descriptor(entry, entry["sddl"])
        if "aces" in entry or "owner" in entry:
            found = self.samdb.search(
                _final_dn(entry), ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=[OWNER_GROUP_DACL]
            )
            descriptor = ndr_unpack(security.descriptor, found[0]["nTSecurityDescriptor"][0])
            if "owner" in entry:
                descriptor.owner_sid = security.dom_sid(self.text(entry["owner"]))
            head, dacl = re.fullmatch("(.*D:[A-Z]*)(.*)", descriptor.as_sddl(self.domain_sid)).groups()
            self.set_descriptor(entry, head + "".join(entry.get("aces", ())) + dacl)

    def set_descriptor(self, entry, sddl):
        message = ldb.Message(ldb.Dn(self.samdb, _final_dn(entry)))
        message["nTSecurityDescriptor"] = ldb.MessageElement(
            self.descriptor(sddl), ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor"
        )
        self.samdb.modify(message, [RELAX, OWNER_GROUP_DACL])

    def fill(self, entries):
        """In passes: members, primary groups and ACEs may name objects that come later."""
        self.each(entries, lambda entry: (self.change if entry.get("existing") else self.add)(entry))
        self.join(entries)
        self.each(entries, self.choose_primary_group)
        self.each(entries, self.protect)

    def plant(self, loadparm, file, path):
        """A file or folder of SYSVOL, with the descriptor of the editor of policies unless told otherwise."""

        def give(item, sddl):
            setntacl(loadparm, str(item), self.text(sddl), self.domain_sid, session_info=None)

        for folder in reversed([path, *path.parents] if file.get("folder") else path.parents):
            if not folder.exists():
                folder.mkdir()
                give(folder, POLICY_FOLDER if folder.parent.name == "Policies" else FOLDER_OF_POLICY)
        if not file.get("folder"):
            path.write_bytes(base64.b64decode(file["base64"]) if "base64" in file else file["text"].encode())
            give(path, POLICY_FILE)
        if "sddl" in file:
            give(path, file["sddl"])

    @staticmethod
    def each(entries, step):
        for entry in entries:
            with located(entry["dn"]):
                step(entry)


@contextmanager
def located(what):
    """End with the place of the error, which Samba's messages lack."""
    try:
        yield
    except (ldb.LdbError, LookupError, ValueError, TypeError, RuntimeError) as error:
        sys.exit(f"{what}: {error!r}")


def _final_dn(entry):
    return f"{entry['rename']},{entry['dn'].partition(',')[2]}" if "rename" in entry else entry["dn"]


def _quoted(password):
    return f'"{password}"'.encode("utf-16-le")


def main(config, database, sysvol):
    instructions = json.load(sys.stdin)
    loadparm = LoadParm()
    loadparm.load(config)
    loadparm.set("dsdb:schema update allowed", "true")
    samdb = SamDB(url=database, lp=loadparm, session_info=system_session(), options=["batch_mode:1"])
    samdb.transaction_start()
    filler = Filler(samdb)
    filler.fill(instructions["objects"])
    samdb.transaction_commit()
    for file in instructions["files"]:
        filler.plant(loadparm, file, Path(sysvol, file["path"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
