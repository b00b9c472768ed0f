"""Which rights let their holder take or abuse an object, and how directly.

ANSSI tells level 1, "exploitable without major prerequisite", from level 2, everything dangerous, without publishing
the list. This table is our reading. Level 1: the holder alone gets the object, or what it protects, with no more than
this right. Level 2: something else is needed: a password to crack, a victim to log on, another right, a product set up
in some way, a GPO or a certificate template to hand; or the right destroys rather than takes.

Left out on purpose: Enroll and AutoEnroll (rights to use a template, judged by other rules), Apply-Group-Policy,
Send-As, Change-Password (which asks for the old one), DS-Replication-Synchronize and DS-Replication-Get-Changes alone,
the rights that Authenticated Users hold by default on a domain head, versionNumber, and sIDHistory, which the
directory does not let anybody write.
"""

from __future__ import annotations

from typing import NamedTuple

ANY = "top"
ACCOUNT = "account of a user or computer"
RODC = "read-only domain controller"
"""Kinds of objects beside the classes of the directory: see ``kinds.Kinds``."""

CONTAINERS = ("domainDNS", "organizationalUnit", "container", "configuration", "dMD")
HEADS = ("domainDNS", "configuration", "dMD")
WITH_SECRETS = ("domainDNS", "configuration")
"""Heads below which replication brings secrets. In the schema there are none, and RID 498 may replicate all of it."""

TEMPLATE = ("pKICertificateTemplate",)


class Choice(NamedTuple):
    """A right that counts on objects of some kinds. ``target``: an attribute, right or class by name; None for all."""

    right: str
    target: str | None
    level: int
    kinds: tuple[str, ...]


CHOICES = (
    Choice("owner", None, 1, (ANY,)),
    Choice("null_dacl", None, 1, (ANY,)),
    Choice("full_control", None, 1, (ANY,)),
    Choice("write_dacl", None, 1, (ANY,)),
    Choice("write_owner", None, 1, (ANY,)),
    Choice("write_property", None, 1, (ANY,)),
    # Identities.
    Choice("control_access", None, 1, (ACCOUNT,)),
    Choice("control_access", "User-Force-Change-Password", 1, (ACCOUNT,)),
    Choice("write_property", "msDS-KeyCredentialLink", 1, (ACCOUNT,)),
    Choice("write_property", "altSecurityIdentities", 1, (ACCOUNT,)),
    Choice("write_property", "servicePrincipalName", 2, (ACCOUNT,)),
    Choice("write_property", "userPrincipalName", 2, (ACCOUNT,)),
    Choice("write_property", "userAccountControl", 2, (ACCOUNT,)),
    Choice("write_property", "msDS-AllowedToDelegateTo", 2, (ACCOUNT,)),
    Choice("write_property", "msDS-SupersededManagedAccountLink", 2, (ACCOUNT,)),
    Choice("write_property", "msDS-AllowedToActOnBehalfOfOtherIdentity", 1, ("computer",)),
    Choice("write_property", "msDS-AllowedToActOnBehalfOfOtherIdentity", 2, ("user",)),
    Choice("write_property", "scriptPath", 2, ("user",)),
    Choice("write_property", "profilePath", 2, ("user",)),
    Choice("write_property", "dNSHostName", 2, ("computer",)),
    Choice("self_write", None, 2, ("computer",)),
    Choice("self_write", "servicePrincipalName", 2, ("computer",)),
    Choice("self_write", "dNSHostName", 2, ("computer",)),
    Choice("control_access", "ms-Mcs-AdmPwd", 1, ("computer",)),
    Choice("control_access", "msLAPS-Password", 1, ("computer",)),
    Choice("control_access", "msLAPS-EncryptedPassword", 2, ("computer",)),
    Choice("control_access", "msLAPS-EncryptedDSRMPassword", 2, ("computer",)),
    Choice("control_access", "ms-LAPS-Encrypted-Password-Attributes", 2, ("computer",)),
    Choice("write_property", "msDS-GroupMSAMembership", 1, ("msDS-GroupManagedServiceAccount",)),
    Choice("write_property", "msDS-GroupMSAMembership", 1, ("msDS-DelegatedManagedServiceAccount",)),
    Choice("write_property", "msDS-DelegatedMSAState", 2, ("msDS-DelegatedManagedServiceAccount",)),
    Choice("write_property", "msDS-ManagedAccountPrecededByLink", 2, ("msDS-DelegatedManagedServiceAccount",)),
    Choice("write_property", "managedBy", 1, (RODC,)),
    Choice("write_property", "msDS-RevealOnDemandGroup", 2, (RODC,)),
    Choice("write_property", "msDS-NeverRevealGroup", 2, (RODC,)),
    # Groups.
    Choice("write_property", "member", 1, ("group",)),
    Choice("self_write", "member", 1, ("group",)),
    Choice("self_write", None, 1, ("group",)),
    # Heads of naming contexts. Replication rights count together only: see ``control``.
    Choice("control_access", None, 1, HEADS),
    Choice("control_access", "DS-Replication-Get-Changes-All", 1, WITH_SECRETS),
    Choice("control_access", "DS-Replication-Get-Changes-In-Filtered-Set", 2, WITH_SECRETS),
    Choice("control_access", "DS-Replication-Manage-Topology", 2, HEADS),
    Choice("control_access", "DS-Install-Replica", 2, HEADS),
    Choice("control_access", "Migrate-SID-History", 2, ("domainDNS",)),
    Choice("control_access", "Reanimate-Tombstones", 2, HEADS),
    # Group policy.
    Choice("write_property", "gPCFileSysPath", 1, ("groupPolicyContainer",)),
    Choice("write_property", "gPLink", 2, ("domainDNS", "organizationalUnit", "site")),
    Choice("write_property", "gPOptions", 2, ("domainDNS", "organizationalUnit", "site")),
    # Certificate services.
    Choice("write_property", "msPKI-Certificate-Name-Flag", 1, TEMPLATE),
    Choice("write_property", "msPKI-Enrollment-Flag", 1, TEMPLATE),
    Choice("write_property", "pKIExtendedKeyUsage", 2, TEMPLATE),
    Choice("write_property", "msPKI-Certificate-Application-Policy", 2, TEMPLATE),
    Choice("write_property", "msPKI-RA-Signature", 2, TEMPLATE),
    Choice("write_property", "cACertificate", 1, ("certificationAuthority", "pKIEnrollmentService")),
    Choice("write_property", "certificateTemplates", 2, ("pKIEnrollmentService",)),
    Choice("write_property", "msDS-OIDToGroupLink", 2, ("msPKI-Enterprise-Oid",)),
    # Schema, trusts and secrets.
    Choice("write_property", "defaultSecurityDescriptor", 1, ("classSchema",)),
    Choice("write_property", "searchFlags", 2, ("attributeSchema",)),
    Choice("write_property", "attributeSecurityGUID", 2, ("attributeSchema",)),
    Choice("write_property", "trustAttributes", 2, ("trustedDomain",)),
    Choice("control_access", None, 1, ("msKds-ProvRootKey", "secret")),
    Choice("control_access", "msKds-RootKeyData", 1, ("msKds-ProvRootKey",)),
    # Objects below, and the object's existence.
    Choice("create_child", None, 2, (*CONTAINERS, "sitesContainer", "site", "serversContainer", "server")),
    Choice("create_child", "user", 2, CONTAINERS),
    Choice("create_child", "inetOrgPerson", 2, CONTAINERS),
    Choice("create_child", "computer", 2, CONTAINERS),
    Choice("create_child", "group", 2, CONTAINERS),
    Choice("create_child", "organizationalUnit", 2, CONTAINERS),
    Choice("create_child", "msDS-ManagedServiceAccount", 2, CONTAINERS),
    Choice("create_child", "msDS-GroupManagedServiceAccount", 2, CONTAINERS),
    Choice("create_child", "msDS-DelegatedManagedServiceAccount", 2, CONTAINERS),
    Choice("create_child", "trustedDomain", 2, CONTAINERS),
    Choice("create_child", "pKICertificateTemplate", 2, CONTAINERS),
    Choice("create_child", "pKIEnrollmentService", 2, CONTAINERS),
    Choice("create_child", "certificationAuthority", 2, CONTAINERS),
    Choice("create_child", "server", 2, ("serversContainer",)),
    Choice("create_child", "nTDSDSA", 2, ("server",)),
    Choice("delete_child", None, 2, (*CONTAINERS, "sitesContainer", "site", "serversContainer", "server")),
    Choice("delete_child", "user", 2, CONTAINERS),
    Choice("delete_child", "computer", 2, CONTAINERS),
    Choice("delete_child", "group", 2, CONTAINERS),
    Choice("delete", None, 2, (ANY,)),
    Choice("delete_tree", None, 2, (ANY,)),
)
"""A property set counts as the most dangerous of the attributes that it holds and that count on the object."""
