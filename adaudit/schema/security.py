"""Tables of descriptors, secrets, untyped attributes and coverage."""

from __future__ import annotations

from adaudit.schema.model import Column, Kind, Table

SECURITY_DESCRIPTORS = Table(
    "security_descriptors",
    "Distinct descriptors (bytes, role and domain), in the order of role, domain and bytes.",
    (
        Column("sd_id", Kind.ID, "identifies the descriptor in this snapshot"),
        Column("role", Kind.TEXT, "object, rbcd, gmsa or file (of SYSVOL)"),
        Column("domain_id", Kind.ID, "domain in which BUILTIN trustees are understood"),
        Column("raw", Kind.BYTES, "self-relative descriptor as read"),
        Column("control", Kind.FLAGS, "SECURITY_DESCRIPTOR_CONTROL"),
        Column("is_dacl_protected", Kind.BOOL, "SE_DACL_PROTECTED: inheritance blocked"),
        Column("dacl_state", Kind.TEXT, "present, empty (no access), null (full access to everyone) or absent"),
        Column("owner_sid", Kind.SID, "owner; null when absent"),
        Column("owner_id", Kind.ID, "principal of the owner"),
        Column("group_sid", Kind.SID, "primary group; null when absent"),
        Column("ace_count", Kind.INT, "ACEs of the DACL that were read"),
        Column("error", Kind.TEXT, "what is malformed and where; null when sound"),
    ),
)

ACES = Table(
    "aces",
    "ACEs of the DACL of each distinct descriptor, in their order.",
    (
        Column("sd_id", Kind.ID, "row in security_descriptors"),
        Column("position", Kind.INT, "0-based position in the DACL"),
        Column("type", Kind.INT, "ACE type number (MS-DTYP 2.4.4.1)"),
        Column("is_allow", Kind.BOOL, "true for the allow types, false for the deny types, null for others"),
        Column("flags", Kind.FLAGS, "ACE flags"),
        Column("is_inherited", Kind.BOOL, "INHERITED_ACE (0x10)"),
        Column("is_inherit_only", Kind.BOOL, "INHERIT_ONLY_ACE (0x8): it does not apply to the object itself"),
        Column("mask", Kind.FLAGS, "access mask, unsigned"),
        Column("object_type", Kind.GUID, "attribute, property set, class or right; null for all"),
        Column("inherited_object_type", Kind.GUID, "class that inherits it; null for all"),
        Column("trustee_sid", Kind.SID, "trustee"),
        Column("trustee_id", Kind.ID, "principal of the trustee"),
        Column("has_condition", Kind.BOOL, "callback ACE: a condition follows that LDAP readers do not evaluate"),
    ),
)

SECRETS = Table(
    "secrets",
    "Attributes whose value is a secret and was present in the answer: never the value.",
    (
        Column("object_id", Kind.ID, "object that holds it"),
        Column("attribute", Kind.TEXT, "LDAP display name"),
    ),
    per_value=True,
)

ATTRIBUTES = Table(
    "attributes",
    "Everything collected that has no typed column, or lost something in its column.",
    (
        Column("object_id", Kind.ID, "object that holds it"),
        Column("name", Kind.TEXT, "attribute as named by the directory"),
        Column("position", Kind.INT, "0-based, in the order of the values' bytes"),
        Column("text", Kind.TEXT, "value when it is UTF-8 without control characters, else null"),
        Column("bytes", Kind.BYTES, "value when it is not text, else null"),
    ),
    per_value=True,
)

COVERAGE = Table(
    "coverage",
    "What was collected and what was not. A fact that no row speaks of was collected.",
    (
        Column("table_name", Kind.TEXT, "table concerned"),
        Column("column_name", Kind.TEXT, "column concerned; '*' for whole rows"),
        Column("domain_id", Kind.ID, "domain concerned; null for the whole forest"),
        Column("object_id", Kind.ID, "object concerned; null for all of the domain, or for one that was never seen"),
        Column("dn", Kind.DN, "object or container never seen, when known"),
        Column("status", Kind.TEXT, "collected, denied, not_attempted, truncated or failed"),
        Column(
            "reason",
            Kind.TEXT,
            "code: mandatory_missing, no_read_right, descriptor_unreadable, confidential, reference_unseen, "
            "container_hidden, known_hidden, other_domain, excluded, not_requested, unreachable, no_descriptors, "
            "not_in_source, interrupted, server_error, malformed, too_large, too_many, no_session, probe_off",
        ),
        Column("detail", Kind.TEXT, "LDAP attribute, server message or place; may be null"),
    ),
)

SECURITY_TABLES = (SECURITY_DESCRIPTORS, ACES, SECRETS, ATTRIBUTES, COVERAGE)
