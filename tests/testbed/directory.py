"""What a test receives of a running directory, and the dump that a third-party client makes of it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from adaudit.schema.requests import HEAD_ATTRIBUTES, REQUESTED_ATTRIBUTES

from .errors import TestbedError
from .scenario import Scenario

WITH_DESCRIPTORS = "!1.2.840.113556.1.4.801=::MAMCAQc="
SHOW_DELETED = "!1.2.840.113556.1.4.417"


@dataclass(frozen=True)
class Account:
    """``user`` is a user principal name."""

    user: str
    password: str


@dataclass(frozen=True)
class Directory:
    """A running domain controller.

    ``auditor`` is an ordinary account; ``ca_file`` signs the certificate of the LDAP service, valid for
    ``host`` and ``ip``. ``folder`` holds the controller's files (``sysvol``, ``config``), thrown away at its end.
    """

    ip: str
    host: str
    realm: str
    base_dn: str
    domain_sid: str
    ca_file: Path
    config: Path
    sysvol: Path
    folder: Path
    auditor: Account
    admin: Account
    scenario: Scenario

    @property
    def krb5_conf(self) -> Path:
        """For ``KRB5_CONFIG``: the controller is the KDC of its realm."""
        return self.folder / "krb5.conf"

    @property
    def ldap_url(self) -> str:
        return f"ldap://{self.ip}"

    @property
    def ldaps_url(self) -> str:
        return f"ldaps://{self.ip}"

    @property
    def naming_contexts(self) -> tuple[str, ...]:
        """As the rootDSE lists them."""
        rootdse = self.ldapsearch("-o", "ldif-wrap=no", "-b", "", "-s", "base", "namingContexts")
        return tuple(
            line.removeprefix("namingContexts: ")
            for line in rootdse.splitlines()
            if line.startswith("namingContexts: ")
        )

    def ldapsearch(self, *arguments: str, account: Account | None = None) -> str:
        """The entries that ``ldapsearch`` prints over LDAPS, as the ordinary account by default.

        Raises TestbedError when the client ends in an error.
        """
        return self._ldapsearch("-LLL", *arguments, account=account)

    def _ldapsearch(self, *arguments: str, account: Account | None = None) -> str:
        account = account or self.auditor
        command = ["ldapsearch", "-x", "-H", self.ldaps_url, "-D", account.user, "-w", account.password]
        done = subprocess.run(
            [*command, *arguments],
            env={**os.environ, "LDAPTLS_CACERT": str(self.ca_file), "LDAPTLS_REQCERT": "demand"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise TestbedError(f"ldapsearch {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def ldapsearch_dump(self, folder: Path) -> list[Path]:
        """One LDIF file per naming context and one per container of deleted objects, as the ordinary account sees them.

        With descriptors, and with the comments by which ldapsearch tells what was asked and how it ended.
        """
        files = []
        for context in self.naming_contexts:
            parts: list[tuple[str, tuple[str, ...]]] = [(context, ())]
            if not context.startswith("CN=Schema,"):
                parts.append((f"CN=Deleted Objects,{context}", ("-E", SHOW_DELETED)))
            for base, controls in parts:
                wanted = ("-E", "pr=1000/noprompt", "-E", WITH_DESCRIPTORS, *controls, "-b", base)
                file = folder / f"{len(files)}-{base.split(',')[0].split('=')[1].lower()}.ldif"
                file.write_text(self._ldapsearch(*wanted, "(objectClass=*)", *REQUESTED_ATTRIBUTES))
                files.append(file)
        return files

    def ldapsearch_heads(self, folder: Path) -> list[Path]:
        """One LDIF file per naming context that holds its head alone, with what only heads are asked for."""
        files = []
        for number, context in enumerate(self.naming_contexts):
            wanted = ("-E", WITH_DESCRIPTORS, "-b", context, "-s", "base", "(objectClass=*)")
            files.append(folder / f"head-{number}.ldif")
            files[-1].write_text(self._ldapsearch(*wanted, *REQUESTED_ATTRIBUTES, *HEAD_ATTRIBUTES))
        return files
