"""One client each: ``readers.py NAME HOST USER CA_FILE CONTEXT…``, the password in ADAUDIT_PASSWORD.

All but BloodHound.py read every attribute and descriptor of each naming context over LDAPS, in pages of 1,000.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from adaudit.schema.requests import REQUESTED_ATTRIBUTES, SD_FLAGS_OID, SD_FLAGS_VALUE

PAGE = 1000


@dataclass(frozen=True)
class Reading:
    host: str
    user: str
    ca_file: str
    contexts: tuple[str, ...]

    @property
    def password(self) -> str:
        return os.environ["ADAUDIT_PASSWORD"]


def with_ldap3(reading: Reading) -> None:
    """The fastest settings of ldap3: no schema, no formatting."""
    import ldap3

    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=reading.ca_file)
    server = ldap3.Server(reading.host, 636, use_ssl=True, tls=tls, get_info=ldap3.NONE)
    connection = ldap3.Connection(
        server,
        reading.user,
        reading.password,
        auto_bind=True,
        auto_referrals=False,
        check_names=False,
        return_empty_attributes=False,
    )
    for context in reading.contexts:
        for _ in connection.extend.standard.paged_search(
            context,
            "(objectClass=*)",
            attributes=list(REQUESTED_ATTRIBUTES),
            paged_size=PAGE,
            controls=[(SD_FLAGS_OID, True, SD_FLAGS_VALUE)],
        ):
            pass


def with_python_ldap(reading: Reading) -> None:
    """libldap from Python."""
    import ldap
    from ldap.controls import RequestControl, SimplePagedResultsControl

    ldap.set_option(ldap.OPT_X_TLS_CACERTFILE, reading.ca_file)
    connection = ldap.initialize(f"ldaps://{reading.host}")
    connection.set_option(ldap.OPT_REFERRALS, 0)
    connection.simple_bind_s(reading.user, reading.password)
    descriptors = RequestControl(SD_FLAGS_OID, True, SD_FLAGS_VALUE)
    for context in reading.contexts:
        page = SimplePagedResultsControl(True, PAGE, "")
        while True:
            asked = connection.search_ext(
                context,
                ldap.SCOPE_SUBTREE,
                "(objectClass=*)",
                list(REQUESTED_ATTRIBUTES),
                serverctrls=[page, descriptors],
            )
            _, _, _, controls = connection.result3(asked)
            page.cookie = next(c.cookie for c in controls if c.controlType == SimplePagedResultsControl.controlType)
            if not page.cookie:
                break


def with_adaudit(reading: Reading) -> None:
    """What ``adaudit collect`` reads, decoded to attributes and values, and nothing made of it."""
    from adaudit.collect.authentication import Simple
    from adaudit.collect.endpoint import Endpoint
    from adaudit.collect.messages import Control, Scope, Search, decode_entry

    endpoint = Endpoint(reading.host, ca_file=Path(reading.ca_file))
    connection = endpoint.connect(Simple(reading.user, reading.password))
    descriptors = Control(SD_FLAGS_OID, SD_FLAGS_VALUE)
    for context in reading.contexts:
        for page in connection.search(Search(context, Scope.SUBTREE, REQUESTED_ATTRIBUTES, (descriptors,))):
            for envelope in page.entries:
                decode_entry(envelope)
    connection.unbind()


def with_bloodhound(reading: Reading) -> None:
    """BloodHound.py 1.9 in its mode DCOnly, in the current folder.

    Its two ways to log in do not work with Samba, and it wants the DNS of the domain: both are replaced.
    """
    import ldap3
    from bloodhound import AD, ADAuthentication, BloodHound, resolve_collection_methods

    def simple_bind(_self: object, *, gc: bool = False, **_: object) -> ldap3.Connection:
        server = ldap3.Server(reading.host, port=3269 if gc else 636, use_ssl=True, get_info=ldap3.ALL)
        return ldap3.Connection(
            server, reading.user, reading.password, auto_bind=True, auto_referrals=False, auto_range=True
        )

    name, _, domain = reading.user.partition("@")
    controller = f"dc1.{domain}"
    ADAuthentication.getLDAPConnection = simple_bind
    directory = AD(
        auth=ADAuthentication(username=name, password=reading.password, domain=domain, auth_method="ntlm"),
        domain=domain,
        use_ldaps=True,
    )
    directory.domain, directory.baseDN = domain, ",".join(f"DC={label}" for label in domain.split("."))
    for servers in (directory.dcs(), directory.gcs(), directory.kdcs()):
        servers.append(controller)
    answer = SimpleNamespace(address=reading.host)
    directory.dnsresolver = SimpleNamespace(resolve=lambda *_, **__: [answer], query=lambda *_, **__: [answer])
    collector = BloodHound(directory)
    collector.connect()
    collector.run(collect=resolve_collection_methods("DCOnly"))


READERS: dict[str, Callable[[Reading], None]] = {
    "ldap3": with_ldap3,
    "python-ldap": with_python_ldap,
    "adaudit": with_adaudit,
    "bloodhound": with_bloodhound,
}


if __name__ == "__main__":
    _, which, host, user, ca_file, *contexts = sys.argv
    READERS[which](Reading(host, user, ca_file, tuple(contexts)))
