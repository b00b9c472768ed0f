"""The schema partition and the extended rights, reduced to what an audit reads."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from adaudit.samples.draft import Attributes, Draft, text
from adaudit.samples.draw import guid_bytes
from adaudit.samples.profile import Forest
from adaudit.samples.schema_data import classes, rows

_UTF8, _TICKS = ("2.5.5.12", "64"), ("2.5.5.16", "65")
_OCTETS = ("2.5.5.10", "4")

_LAPS = {
    "": (),
    "legacy": (("ms-Mcs-AdmPwd", "904", _UTF8), ("ms-Mcs-AdmPwdExpirationTime", "0", _TICKS)),
    "windows": (
        ("msLAPS-PasswordExpirationTime", "0", _TICKS),
        ("msLAPS-Password", "904", _UTF8),
        ("msLAPS-EncryptedPassword", "904", _OCTETS),
        ("msLAPS-EncryptedPasswordHistory", "904", _OCTETS),
        ("msLAPS-EncryptedDSRMPassword", "904", _OCTETS),
    ),
}
"""Attributes that LAPS adds: name, searchFlags, syntax. Their GUIDs are drawn, as those of legacy LAPS differ in every
forest; searchFlags 904 is confidential, kept in tombstones, out of read-only controllers and never audited."""


def schema_drafts(forest: Forest) -> Iterator[Draft]:
    """classSchema, attributeSchema and controlAccessRight objects."""
    schema, rights = forest.places["schema"], f"CN=Extended-Rights,{forest.places['config']}"
    for each in classes().values():
        attributes: Attributes = {
            "lDAPDisplayName": text(each.name),
            "schemaIDGUID": _guid(each.guid),
            "governsID": text(each.oid),
            "subClassOf": text(each.parent),
            "defaultSecurityDescriptor": text(each.default_sddl),
            "systemFlags": text(16),
        }
        yield Draft(f"CN={each.cn},{schema}", "classSchema", attributes)
    for row in rows("attributes"):
        attributes = {
            "lDAPDisplayName": text(row["name"]),
            "schemaIDGUID": _guid(row["guid"]),
            "attributeID": text(row["oid"]),
            "attributeSyntax": text(row["syntax"]),
            "oMSyntax": text(row["om_syntax"]),
            "isSingleValued": text("TRUE" if row["single_valued"] == "1" else "FALSE"),
            "searchFlags": text(row["search_flags"]),
            "systemFlags": text(row["system_flags"]),
        }
        if row["property_set"]:
            attributes["attributeSecurityGUID"] = _guid(row["property_set"])
        if row["link_id"]:
            attributes["linkID"] = text(row["link_id"])
        yield Draft(f"CN={row['cn']},{schema}", "attributeSchema", attributes)
    for number, (name, search_flags, (syntax, om_syntax)) in enumerate(_LAPS[forest.profile.laps]):
        attributes = {
            "lDAPDisplayName": text(name),
            "schemaIDGUID": [guid_bytes(*forest.key("schema", name))],
            "attributeID": text(f"1.2.840.113556.1.8000.9999.{number}"),
            "attributeSyntax": text(syntax),
            "oMSyntax": text(om_syntax),
            "isSingleValued": text("TRUE"),
            "searchFlags": text(search_flags),
        }
        yield Draft(f"CN={name},{schema}", "attributeSchema", attributes)
    for row in rows("rights"):
        attributes = {
            "rightsGuid": text(row["guid"]),
            "validAccesses": text(row["valid_accesses"]),
            "appliesTo": text(*row["applies_to"].split()),
        }
        yield Draft(f"CN={row['cn']},{rights}", "controlAccessRight", attributes)


def _guid(value: str) -> list[bytes]:
    return [UUID(value).bytes_le]
