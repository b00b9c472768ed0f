"""Attributes of which each value is a row of its own, and how that row is staged."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa

from adaudit.decode.certificate import parse_certificate, split_certificate_pair
from adaudit.decode.descriptor import parse_descriptor
from adaudit.decode.dns import (
    ZONE_AGING_STATE,
    ZONE_ALLOW_UPDATE,
    ZONE_TYPE,
    parse_dns_property,
    parse_dns_record,
)
from adaudit.decode.forest_trust import parse_forest_trust
from adaudit.decode.key_credential import parse_key_credential, split_dn_binary
from adaudit.decode.sid import format_sid
from adaudit.ingest.names import dn_key
from adaudit.ingest.stage import Stage
from adaudit.ingest.values import readable_text
from adaudit.schema import COLLECTED

LINK_ATTRIBUTES = (
    "managedBy",
    "manager",
    "secretary",
    "seeAlso",
    "assistant",
    "serverReference",
    "siteObject",
    "nCName",
    "fSMORoleOwner",
    "rIDManagerReference",
    "lastKnownParent",
    "interSiteTopologyGenerator",
    "msDS-EnabledFeature",
    "msDS-HostServiceAccount",
    "msDS-KrbTgtLink",
    "msDS-RevealOnDemandGroup",
    "msDS-NeverRevealGroup",
    "msDS-PSOAppliesTo",
    "msDS-OIDToGroupLink",
    "msDS-AssignedAuthNPolicy",
    "msDS-AssignedAuthNPolicySilo",
    "msDS-AuthNPolicySiloMembers",
    "msDS-UserAuthNPolicy",
    "msDS-ComputerAuthNPolicy",
    "msDS-ServiceAuthNPolicy",
    "msDS-ManagedAccountPrecededByLink",
    "msDS-SupersededManagedAccountLink",
    "msDS-PrimaryComputer",
    "msDFSR-ComputerReference",
    "msDFSR-MemberReference",
    "frsComputerReference",
    "publicDelegates",
    "homeMDB",
)
"""DN-valued attributes that go to ``links``; ``member`` and ``memberOf`` go to memberships."""

BINARY_LINK_ATTRIBUTES = ("wellKnownObjects", "otherWellKnownObjects", "msDS-RevealedUsers", "msDS-RevealedDSAs")
"""DN-with-binary attributes that go to ``links``."""

MENU_ATTRIBUTES = ("adminContextMenu", "contextMenu", "shellContextMenu", "adminPropertyPages", "shellPropertyPages")
CERTIFICATE_ATTRIBUTES = ("cACertificate", "userCertificate", "crossCertificatePair")

Take = Callable[[int, str, list[bytes]], None]
"""Stages all values of one attribute of object number n; raises ValueError for a value it cannot read."""


def _fields(table: str, leading: dict[str, pa.DataType], *, without: set[str]) -> pa.Schema:
    declared = [field for field in COLLECTED[table].arrow_schema if field.name not in without]
    return pa.schema([*(pa.field(name, kind) for name, kind in leading.items()), *declared])


_N = {"n": pa.int32()}
_TEXT = pa.string()

SCHEMAS: dict[str, pa.Schema] = {
    "members": pa.schema({**_N, "dn": _TEXT, "key": _TEXT}),
    "members_of": pa.schema({**_N, "dn": _TEXT, "key": _TEXT}),
    "links": pa.schema({**_N, "attribute": _TEXT, "position": pa.int64(), "dn": _TEXT, "key": _TEXT, "prefix": _TEXT}),
    "spns": _fields("spns", _N, without={"object_id", "principal_id"}),
    "delegated": pa.schema({**_N, "spn": _TEXT, "service_class": _TEXT, "host": _TEXT}),
    "sid_histories": pa.schema({**_N, "sid": _TEXT}),
    "secrets": pa.schema({**_N, "attribute": _TEXT}),
    "published": pa.schema({**_N, "template_name": _TEXT}),
    "menus": _fields("display_specifier_menus", _N, without={"object_id"}),
    "zone_properties": _fields("dns_zones", _N, without={"object_id", "domain_id", "partition_id", "name"}),
    "zone_records": _fields("dns_records", _N, without={"object_id", "zone_id", "name"}),
    "certificates": _fields("certificates", _N, without={"object_id", "store"}),
    "key_credentials": _fields("key_credentials", _N, without={"object_id"}),
    "trust_names": _fields("trust_names", _N, without={"object_id"}),
    "attributes": _fields("attributes", _N, without={"object_id"}),
    "faults": pa.schema({**_N, **dict.fromkeys(("table_name", "column_name", "status", "reason", "detail"), _TEXT)}),
    "descriptors": _fields("security_descriptors", {"sd": pa.int32()}, without={"sd_id", "domain_id", "owner_id"}),
    "aces": _fields("aces", {"sd": pa.int32()}, without={"sd_id", "trustee_id"}),
}
"""Stages that hold one row per value, descriptor or ACE; ``n`` is the object's number, ``sd`` the descriptor's."""

OBJECT_STAGES = frozenset(name for name, schema in SCHEMAS.items() if "n" in schema.names)


class Multivalued:
    """The stages of ``SCHEMAS`` and what fills them."""

    def __init__(self, folder: Path) -> None:
        self.stages = {name: Stage(folder, name, schema) for name, schema in SCHEMAS.items()}
        self._descriptors: dict[tuple[str, bytes], int] = {}  # by role and digest
        self.takers: dict[str, Take] = {
            "member": self._take_member,
            "memberof": self._take_member_of,
            "serviceprincipalname": self._take_spn,
            "msds-allowedtodelegateto": self._take_delegated,
            "sidhistory": self._take_sid_history,
            "msds-keycredentiallink": self._take_key_credential,
            "certificatetemplates": self._take_published,
            "dnsproperty": self._take_zone_property,
            "dnsrecord": self._take_dns_record,
            "msds-trustforesttrustinfo": self._take_forest_trust,
            **{name.lower(): self._take_link for name in LINK_ATTRIBUTES},
            **{name.lower(): self._take_binary_link for name in BINARY_LINK_ATTRIBUTES},
            **{name.lower(): self._take_menu for name in MENU_ATTRIBUTES},
            **{name.lower(): self._take_certificate for name in CERTIFICATE_ATTRIBUTES},
        }

    def descriptor(self, role: str, values: list[bytes]) -> int:
        """The number of a descriptor, which is decoded the first time it is met."""
        raw = values[0]
        key = role, blake2b(raw, digest_size=16).digest()
        number = self._descriptors.get(key)
        if number is None:
            number = self._descriptors[key] = len(self._descriptors)
            self._stage_descriptor(number, role, raw)
        return number

    def _stage_descriptor(self, number: int, role: str, raw: bytes) -> None:
        sd = parse_descriptor(raw)
        protected = bool(sd.control & 0x1000)
        self._row(
            "descriptors",
            number,
            role,
            raw,
            sd.control,
            protected,
            sd.dacl_state,
            sd.owner,
            sd.group,
            len(sd.aces),
            sd.error,
        )
        append = self.stages["aces"].append
        for ace in sd.aces:
            append(
                (
                    number,
                    ace.position,
                    ace.type,
                    ace.is_allow,
                    ace.flags,
                    bool(ace.flags & 0x10),
                    bool(ace.flags & 0x08),
                    ace.mask,
                    ace.object_type,
                    ace.inherited_object_type,
                    ace.trustee or None,
                    ace.has_condition,
                )
            )

    def _row(self, stage: str, *values: Any) -> None:
        self.stages[stage].append(values)

    def take_secret(self, n: int, name: str, values: list[bytes]) -> None:
        """Stage that a secret was there, never its value."""
        self._row("secrets", n, name.partition(";")[0])

    def keep(self, n: int, name: str, values: list[bytes]) -> None:
        """Stage the values as they are."""
        append = self.stages["attributes"].append
        for position, value in enumerate(values if len(values) == 1 else sorted(values)):
            text = readable_text(value)
            append((n, name, position, text, None if text is not None else value))

    def _take_member(self, n: int, name: str, values: list[bytes]) -> None:
        append = self.stages["members"].append
        for dn in [value.decode() for value in values]:
            append((n, dn, dn_key(dn)))

    def _take_member_of(self, n: int, name: str, values: list[bytes]) -> None:
        append = self.stages["members_of"].append
        for dn in [value.decode() for value in values]:
            append((n, dn, dn_key(dn)))

    def _take_link(self, n: int, name: str, values: list[bytes]) -> None:
        for position, dn in enumerate(sorted(value.decode() for value in values)):
            self._row("links", n, name, position, dn, dn_key(dn), None)

    def _take_binary_link(self, n: int, name: str, values: list[bytes]) -> None:
        for position, (dn, blob) in enumerate(sorted(split_dn_binary(value) for value in values)):
            self._row("links", n, name, position, dn, dn_key(dn), blob.hex())

    def _take_spn(self, n: int, name: str, values: list[bytes]) -> None:
        for spn in [value.decode() for value in values]:
            self._row("spns", n, spn, *split_spn(spn))

    def _take_delegated(self, n: int, name: str, values: list[bytes]) -> None:
        for spn in [value.decode() for value in values]:
            self._row("delegated", n, spn, *split_spn(spn)[:2])

    def _take_sid_history(self, n: int, name: str, values: list[bytes]) -> None:
        for sid in [format_sid(value) for value in values]:
            self._row("sid_histories", n, sid)

    def _take_published(self, n: int, name: str, values: list[bytes]) -> None:
        for template in [value.decode() for value in values]:
            self._row("published", n, template)

    def _take_menu(self, n: int, name: str, values: list[bytes]) -> None:
        for position, value in enumerate(sorted(value.decode() for value in values)):
            fields = value.split(",", 2)
            self._row("menus", n, name, position, value, fields[2] if len(fields) == 3 else None)

    def _take_key_credential(self, n: int, name: str, values: list[bytes]) -> None:
        for position, (_, blob) in enumerate(sorted(split_dn_binary(value) for value in values)):
            k = parse_key_credential(blob)
            self._row(
                "key_credentials",
                n,
                position,
                k.usage,
                k.source,
                k.device_id,
                k.created_at,
                k.key_bits,
                k.is_roca,
                k.error,
            )

    def _take_certificate(self, n: int, name: str, values: list[bytes]) -> None:
        if name.lower() == "crosscertificatepair":
            values = [half for value in values for half in split_certificate_pair(value)]
        for position, value in enumerate(sorted(values)):
            c = parse_certificate(value)
            self._row(
                "certificates",
                n,
                name,
                position,
                c.sha1,
                c.sha256,
                c.subject,
                c.issuer,
                c.serial,
                c.not_before,
                c.not_after,
                c.signature_oid,
                c.signature_hash,
                c.key_oid,
                c.key_type,
                c.key_bits,
                c.rsa_exponent,
                c.is_roca,
                c.error,
            )

    def _take_forest_trust(self, n: int, name: str, values: list[bytes]) -> None:
        for position, r in enumerate(parse_forest_trust(values[0])):
            self._row("trust_names", n, position, r.kind, r.name, r.netbios_name, r.sid, r.flags, r.error)

    def _take_zone_property(self, n: int, name: str, values: list[bytes]) -> None:
        properties = {p.id: p.value for p in map(parse_dns_property, values)}
        aging = properties.get(ZONE_AGING_STATE)
        self._row(
            "zone_properties",
            n,
            properties.get(ZONE_TYPE),
            properties.get(ZONE_ALLOW_UPDATE),
            None if aging is None else aging != 0,
        )

    def _take_dns_record(self, n: int, name: str, values: list[bytes]) -> None:
        for position, value in enumerate(sorted(values)):
            r = parse_dns_record(value)
            self._row("zone_records", n, position, r.type, r.ttl, r.data, r.is_static, r.error)


def split_spn(spn: str) -> tuple[str | None, str | None, str | None, str | None]:
    """Service class, host, port or instance, and service name of an SPN (MS-KILE 3.1.5.11), lower case."""
    parts = spn.lower().split("/", 2)
    if len(parts) == 1:
        return parts[0], None, None, None
    host, _, port = parts[1].partition(":")
    return parts[0], host, port or None, parts[2] if len(parts) == 3 else None
