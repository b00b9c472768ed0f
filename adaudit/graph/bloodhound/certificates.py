"""Certificate services: templates, authorities, stores and issuance policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.decode.flags import CertificateNameFlag, EnrollmentFlag
from adaudit.graph.bloodhound.collection import Collection
from adaudit.graph.bloodhound.identifiers import Json
from adaudit.graph.bloodhound.lookup import Grouped, Row
from adaudit.graph.bloodhound.values import bit, named, period

_ANY_PURPOSE, _CLIENT = "2.5.29.37.0", "1.3.6.1.5.5.7.3.2"
_AUTHENTICATION: Final = frozenset((_ANY_PURPOSE, _CLIENT, "1.3.6.1.5.2.3.4", "1.3.6.1.4.1.311.20.2.2"))
"""Purposes that let a certificate stand for an account: any, client authentication, PKINIT, smart card logon."""

_SCHANNEL: Final = frozenset((_ANY_PURPOSE, _CLIENT))
_NAME, _ENROLLMENT = CertificateNameFlag, EnrollmentFlag
_NAME_BITS: Final = {
    "enrolleesuppliessubject": _NAME.ENROLLEE_SUPPLIES_SUBJECT,
    "subjectaltrequireupn": _NAME.SUBJECT_ALT_REQUIRE_UPN,
    "subjectaltrequiredns": _NAME.SUBJECT_ALT_REQUIRE_DNS,
    "subjectaltrequiredomaindns": _NAME.SUBJECT_ALT_REQUIRE_DOMAIN_DNS,
    "subjectaltrequireemail": _NAME.SUBJECT_ALT_REQUIRE_EMAIL,
    "subjectaltrequirespn": _NAME.SUBJECT_ALT_REQUIRE_SPN,
    "subjectrequireemail": _NAME.SUBJECT_REQUIRE_EMAIL,
}
_DAY: Final = 864_000_000_000
_SERVER_FLAGS: Final = {
    0x1: "NO_TEMPLATE_SUPPORT",
    0x2: "SUPPORTS_NT_AUTHENTICATION",
    0x4: "CA_SUPPORTS_MANUAL_AUTHENTICATION",
    0x8: "CA_SERVERTYPE_ADVANCED",
}
"""``flags`` of a pKIEnrollmentService (MS-WCCE 2.2.2.11.2)."""

_TEMPLATE_COLUMNS: Final = (
    *("display_name", "oid", "schema_version", "name_flag", "enrollment_flag", "ra_signature", "ekus"),
    *("application_policies", "certificate_policies", "ra_application_policies", "validity_days"),
)


def templates(collection: Collection) -> Iterator[Json]:
    for row in collection.rows.of_table("certificate_templates", _TEMPLATE_COLUMNS):
        thing = collection.identifiers.of_object(row["object_id"])
        if thing is not None:
            yield {
                **collection.common(thing, row),
                "Properties": {
                    **collection.properties(thing, row, row["name"] or ""),
                    **_template(collection, row),
                },
            }


def _template(collection: Collection, row: Row) -> Json:
    """Every boolean is there: null when the attribute was not read. An attribute that is not set has no bit set."""
    attributes, object_id = collection.attributes, row["object_id"]

    def read(column: str, default: object) -> object:
        value = row[column]
        is_known = value is not None or collection.absence.is_known("certificate_templates", column, row)
        return (default if value is None else value) if is_known else None

    name_flag, enrollment_flag = read("name_flag", 0), read("enrollment_flag", 0)
    ekus, purposes = read("ekus", []), read("application_policies", [])
    effective = ekus if row["schema_version"] in (None, 1) and ekus else purposes
    names = name_flag if isinstance(name_flag, int) else None
    enrollment = enrollment_flag if isinstance(enrollment_flag, int) else None
    overlap = attributes.octets(object_id, "pKIOverlapPeriod")
    return {
        "displayname": collection.text(row["display_name"]),
        "oid": row["oid"],
        "schemaversion": row["schema_version"],
        "validityperiod": period(row["validity_days"]),
        "renewalperiod": period(_days(overlap)),
        "certificatenameflag": named(names, CertificateNameFlag),
        "enrollmentflag": named(enrollment, EnrollmentFlag),
        **{name: bit(names, flag) for name, flag in _NAME_BITS.items()},
        "requiresmanagerapproval": bit(enrollment, _ENROLLMENT.PEND_ALL_REQUESTS),
        "nosecurityextension": bit(enrollment, _ENROLLMENT.NO_SECURITY_EXTENSION),
        "ekus": ekus,
        "certificateapplicationpolicy": purposes,
        "certificatepolicy": read("certificate_policies", []),
        "effectiveekus": effective,
        "authorizedsignatures": read("ra_signature", 0),
        "applicationpolicies": read("ra_application_policies", []),
        "issuancepolicies": attributes.texts(object_id, "msPKI-RA-Policies"),
        "authenticationenabled": _serves(effective, _AUTHENTICATION),
        "schannelauthenticationenabled": _serves(effective, _SCHANNEL),
    }


def _serves(purposes: object, wanted: frozenset[str]) -> bool | None:
    """A certificate without purposes serves every one."""
    return not purposes or not wanted.isdisjoint(purposes) if isinstance(purposes, list) else None


def _days(interval: bytes | None) -> float | None:
    """A negative 64-bit interval of 100 ns, little-endian."""
    return abs(int.from_bytes(interval, "little", signed=True)) / _DAY if interval and len(interval) == 8 else None


class Authorities:
    """Issuing authorities and the stores of their certificates."""

    def __init__(self, collection: Collection) -> None:
        facts = collection.facts
        self._collection = collection
        certificates = facts.table("certificates").sort_by([("object_id", "ascending"), ("position", "ascending")])
        self._certificates = Grouped(certificates, "object_id", ("attribute", "sha1", "subject", "issuer"))
        self._issuers: dict[str, dict[str, str]] = {}
        """Thumbprints by subject, each with its issuer: the authorities of the directory."""
        columns = ("attribute", "store", "sha1", "subject", "issuer")
        for attribute, store, sha1, subject, issuer in facts.rows("certificates", *columns):
            if attribute == "cACertificate" and store in ("root", "aia", "enrollment") and sha1 and subject and issuer:
                self._issuers.setdefault(subject, {})[sha1] = issuer

    def enterprise(self) -> Iterator[Json]:
        collection = self._collection
        published = Grouped(collection.facts.table("published_templates"), "ca_id", ("template_name", "template_id"))
        hosts = {
            host.lower(): id_ for id_, host in collection.facts.rows("computers", "object_id", "dns_host_name") if host
        }
        for row in collection.rows.of_table("certificate_authorities", ("dns_host_name",)):
            thing = collection.identifiers.of_object(row["object_id"])
            if thing is None:
                continue
            host = collection.identifiers.of_object(hosts.get(row["dns_host_name"] or ""))
            offered = published.of(row["object_id"])
            known = [each["template_id"] for each in offered if each["template_id"] is not None]
            flags = collection.attributes.number(row["object_id"], "flags")
            yield {
                **collection.common(thing, row),
                "HostingComputer": None if host is None else host.identifier,
                "EnabledCertTemplates": collection.objects(known),
                "DomainSID": collection.identifiers.domain_sid(row["domain_id"]),
                "HttpEnrollmentEndpoints": None,
                "CARegistryData": None,
                "Properties": {
                    **collection.properties(thing, row, row["name"] or ""),
                    "caname": row["name"],
                    "dnshostname": row["dns_host_name"],
                    "flags": None
                    if flags is None
                    else ", ".join(t for b, t in _SERVER_FLAGS.items() if flags & b) or "NONE",
                    **self._certificate(row["object_id"]),
                    "unresolvedpublishedtemplates": [e["template_name"] for e in offered if e["template_id"] is None],
                    "casecuritycollected": False,
                    "enrollmentagentrestrictionscollected": False,
                    "isuserspecifiessanenabledcollected": False,
                    "roleseparationenabledcollected": False,
                },
            }

    def stored(self, type_: str) -> Iterator[Json]:
        """Authorities of a store: ``RootCA``, ``AIACA`` or ``NTAuthStore``."""
        collection = self._collection
        for row in collection.rows.of_objects(collection.identifiers.of_type(type_)):
            thing = collection.identifiers.of_object(row["object_id"])
            if thing is None:
                continue
            properties = collection.properties(thing, row, row["name"] or "")
            fields: Json = {"DomainSID": collection.identifiers.domain_sid(row["domain_id"])}
            if type_ == "NTAuthStore":
                properties["certthumbprints"] = [c["sha1"].upper() for c in self._held(row["object_id"])]
            else:
                properties |= self._certificate(row["object_id"])
            if type_ == "AIACA":
                fields = {}
                crossed = any(c["attribute"] == "crossCertificatePair" for c in self._certificates.of(row["object_id"]))
                properties |= {"crosscertificatepair": [], "hascrosscertificatepair": crossed}
            yield {**collection.common(thing, row), **fields, "Properties": properties}

    def _held(self, object_id: int) -> list[Row]:
        held = self._certificates.of(object_id)
        return [each for each in held if each["attribute"] == "cACertificate" and each["sha1"]]

    def _certificate(self, object_id: int) -> Json:
        held = self._held(object_id)
        first = held[0] if held else None
        return {
            "certthumbprint": None if first is None else first["sha1"].upper(),
            "certname": None if first is None else first["sha1"].upper(),
            "certchain": [] if first is None else list(self._chain(first)),
            "hasbasicconstraints": None,
            "basicconstraintpathlength": None,
        }

    def _chain(self, certificate: Row) -> Iterator[str]:
        """Thumbprints from a certificate to its root, as far as names tell one issuer alone."""
        sha1, subject, issuer = certificate["sha1"], certificate["subject"], certificate["issuer"]
        seen: set[str] = set()
        while sha1 not in seen:
            seen.add(sha1)
            yield sha1.upper()
            above = self._issuers.get(issuer, {})
            if issuer == subject or len(above) != 1:
                return
            subject, (sha1, issuer) = issuer, next(iter(above.items()))


def issuance_policies(collection: Collection) -> Iterator[Json]:
    for row in collection.rows.of_objects(collection.identifiers.of_type("IssuancePolicy")):
        thing = collection.identifiers.of_object(row["object_id"])
        if thing is None:
            continue
        linked = collection.objects(collection.targets(row["object_id"], "msDS-OIDToGroupLink"))
        yield {
            **collection.common(thing, row),
            "GroupLink": linked[0] if linked else None,
            "Properties": {
                **collection.properties(thing, row, row["display_name"] or row["name"] or ""),
                "displayname": collection.text(row["display_name"]),
                "certtemplateoid": collection.attributes.text(row["object_id"], "msPKI-Cert-Template-OID"),
                "oidgrouplink": linked[0]["ObjectIdentifier"] if linked else None,
            },
        }
