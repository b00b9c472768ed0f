"""Certificate services for the small forest of the tests: one authority, trusted and published by default."""

from __future__ import annotations

from typing import Any, Final

from tests.graph.small_descriptors import guard
from tests.graph.small_forest import HEAD, SmallForest

ENROLL: Final = "0e10c968-78fb-11d2-90d4-00c04f79dc55"
SERVICES: Final = f"CN=Services,{HEAD}"
AUTHORITY: Final = f"CN=AC Emettrice,{SERVICES}"
HOST: Final = f"CN=SRV-PKI,{HEAD}"
CLIENT, AGENT, SERVER = "1.3.6.1.5.5.7.3.2", "1.3.6.1.4.1.311.20.2.1", "1.3.6.1.5.5.7.3.1"

SUPPLIES_SUBJECT: Final = 0x1


def install(forest: SmallForest, sddl: str = f"D:(OA;;CR;{ENROLL};;AU)") -> None:
    """An authority whose certificate is in NTAuthCertificates, issued by a root of the directory, on a host."""
    forest.add(SERVICES)
    authority = forest.add(AUTHORITY, "pKIEnrollmentService")
    names = {"name": "AC Emettrice", "dns_host_name": "srv-pki.corp.test"}
    forest.row("certificate_authorities", object_id=authority, **names)
    forest.add(HOST, "computer", rid=1500, dns_host_name="SRV-PKI.corp.test")
    certify(forest, AUTHORITY, "enrollment", "CN=Emettrice", "CN=Racine")
    certify(forest, f"CN=NTAuthCertificates,{SERVICES}", "ntauth", "CN=Emettrice", "CN=Racine")
    certify(forest, f"CN=Racine,{SERVICES}", "root", "CN=Racine", "CN=Racine")
    guard(forest, AUTHORITY, sddl)


def certify(forest: SmallForest, dn: str, store: str, subject: str, issuer: str) -> None:
    """A certificate that an object holds; the object is added when it is not there."""
    known = [row["object_id"] for row in forest.rows["objects"] if row["dn"] == dn]
    holder = known[0] if known else forest.add(dn, "certificationAuthority")
    row = {"store": store, "subject": subject, "issuer": issuer, "sha1": f"of {subject}"}
    forest.row("certificates", object_id=holder, attribute="cACertificate", position=0, **row)


def publish(forest: SmallForest, name: str, sddl: str, *, is_published: bool = True, **columns: Any) -> str:
    """A template, by default of version 2, for client authentication, unattended and published; returns its DN."""
    dn = f"CN={name},{SERVICES}"
    object_id = forest.add(dn, "pKICertificateTemplate")
    forest.row(
        "certificate_templates",
        **{"object_id": object_id, "name": name, "schema_version": 2, "ekus": [CLIENT]} | columns,
    )
    authority = forest.rows["certificate_authorities"][0]["object_id"]
    if is_published:
        forest.row("published_templates", ca_id=authority, template_name=name, template_id=object_id)
    guard(forest, dn, sddl)
    return dn
