"""GUIDs and SIDs that are the same in every forest (MS-ADTS 5.1.3.2.1, MS-ADA, MS-ADSC, MS-DTYP 2.4.2.4).

They serve when the schema partition was not read, and for what no schema object describes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EVERYONE = "S-1-1-0"
ANONYMOUS = "S-1-5-7"
SELF = "S-1-5-10"
AUTHENTICATED_USERS = "S-1-5-11"
OWNER_RIGHTS = "S-1-3-4"

EVERYONE_LIKE_SIDS = frozenset(
    (EVERYONE, ANONYMOUS, AUTHENTICATED_USERS, "S-1-5-32-545", "S-1-5-32-546", "S-1-5-32-554")
)
"""Everyone, Anonymous, Authenticated Users, Users, Guests, Pre-Windows 2000 Compatible Access."""

EVERYONE_LIKE_RIDS = frozenset((501, 513, 514, 515))
"""Guest, Domain Users, Domain Guests, Domain Computers."""

SEND_TO = "ab721a55-1e2f-11d0-9819-00aa0040529b"

MEMBERSHIP = "bc0ac240-79a9-11d0-9020-00c04fc2d4cf"
PUBLIC_INFORMATION = "e48d0154-bcf8-11d1-8702-00c04fb96050"
ACCOUNT_RESTRICTIONS = "4c164200-20c0-11d0-a768-00aa006e0529"
USER_LOGON = "5f202010-79a5-11d0-9020-00c04fc2d4cf"
VALIDATED_WRITE_COMPUTER = "9b026da6-0d3c-465c-8bee-5199d7165cba"
DNS_HOST_NAME = "72e39547-7b18-11d1-adef-00c04fd8d5cd"

ATTRIBUTES: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "00fbf30c-91fe-11d1-aebc-0000f80367c1": ("altSecurityIdentities", PUBLIC_INFORMATION),
        "bf967932-0de6-11d0-a285-00aa003049e2": ("cACertificate", None),
        "2a39c5b1-8960-11d1-aebc-0000f80367c1": ("certificateTemplates", None),
        DNS_HOST_NAME: ("dNSHostName", DNS_HOST_NAME),
        "807a6d30-1669-11d0-a064-00aa006c33ed": ("defaultSecurityDescriptor", None),
        "f30e3bc1-9ff0-11d1-b603-0000f80367c1": ("gPCFileSysPath", None),
        "f30e3bbe-9ff0-11d1-b603-0000f80367c1": ("gPLink", None),
        "f30e3bbf-9ff0-11d1-b603-0000f80367c1": ("gPOptions", None),
        "0296c120-40da-11d1-a9c0-0000f80367c1": ("managedBy", None),
        "bf9679c0-0de6-11d0-a285-00aa003049e2": ("member", MEMBERSHIP),
        "3f78c3e5-f79a-46bd-a0b8-9d18116ddc79": ("msDS-AllowedToActOnBehalfOfOtherIdentity", ACCOUNT_RESTRICTIONS),
        "800d94d7-b7a1-42a1-b14d-7cae1423d07f": ("msDS-AllowedToDelegateTo", PUBLIC_INFORMATION),
        "2f5c138a-bd38-4016-88b4-0ec87cbb4919": ("msDS-DelegatedMSAState", None),
        "888eedd6-ce04-df40-b462-b8a50e41ba38": ("msDS-GroupMSAMembership", None),
        "5b47d60f-6090-40b2-9f37-2a4de88f3063": ("msDS-KeyCredentialLink", VALIDATED_WRITE_COMPUTER),
        "a0945b2b-57a2-43bd-b327-4d112a4e8bd1": ("msDS-ManagedAccountPrecededByLink", None),
        "15585999-fd49-4d66-b25d-eeb96aba8174": ("msDS-NeverRevealGroup", None),
        "f9c9a57c-3941-438d-bebf-0edaf2aca187": ("msDS-OIDToGroupLink", None),
        "303d9f4a-1dd6-4b38-8fc5-33afe8c988ad": ("msDS-RevealOnDemandGroup", None),
        "dbd90548-aa37-4202-9966-8c537ba5ce32": ("msPKI-Certificate-Application-Policy", None),
        "ea1dddc4-60ff-416e-8cc0-17cee534bce7": ("msPKI-Certificate-Name-Flag", None),
        "d15ef7d8-f226-46db-ae79-b34e560bd12c": ("msPKI-Enrollment-Flag", None),
        "fe17e04b-937d-4f7e-8e0e-9292c8d5683e": ("msPKI-RA-Signature", None),
        "18976af6-3b9e-11d2-90cc-00c04fd91ab1": ("pKIExtendedKeyUsage", None),
        "bf967a05-0de6-11d0-a285-00aa003049e2": ("profilePath", USER_LOGON),
        "bf9679a8-0de6-11d0-a285-00aa003049e2": ("scriptPath", USER_LOGON),
        "bf967a2d-0de6-11d0-a285-00aa003049e2": ("searchFlags", None),
        "f3a64788-5306-11d1-a9c5-0000f80367c1": ("servicePrincipalName", PUBLIC_INFORMATION),
        "80a67e5a-9f22-11d0-afdd-00c04fd930c9": ("trustAttributes", None),
        "bf967a68-0de6-11d0-a285-00aa003049e2": ("userAccountControl", ACCOUNT_RESTRICTIONS),
        "28630ebb-41d5-11d1-a9c1-0000f80367c1": ("userPrincipalName", PUBLIC_INFORMATION),
    }
)
"""Attributes by schemaIDGUID: lDAPDisplayName and property set."""

RIGHTS: Mapping[str, str] = MappingProxyType(
    {
        MEMBERSHIP: "Membership",
        PUBLIC_INFORMATION: "Public-Information",
        ACCOUNT_RESTRICTIONS: "User-Account-Restrictions",
        USER_LOGON: "User-Logon",
        VALIDATED_WRITE_COMPUTER: "DS-Validated-Write-Computer",
        "00299570-246d-11d0-a768-00aa006e0529": "User-Force-Change-Password",
        "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2": "DS-Replication-Get-Changes",
        "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2": "DS-Replication-Get-Changes-All",
        "89e95b76-444d-4c62-991a-0facbeda640c": "DS-Replication-Get-Changes-In-Filtered-Set",
        "1131f6ac-9c07-11d1-f79f-00c04fc2dcd2": "DS-Replication-Manage-Topology",
        "9923a32a-3607-11d2-b9be-0000f87a36b2": "DS-Install-Replica",
        "ba33815a-4f93-4c76-87f3-57574bff8109": "Migrate-SID-History",
        "45ec5156-db7e-47bb-b53f-dbeb2d03c40f": "Reanimate-Tombstones",
        "e2a36dc9-ae17-47c3-b58b-be34c55ba633": "Create-Inbound-Forest-Trust",
        "f3531ec6-6330-4f8e-8d39-7a671fbac605": "ms-LAPS-Encrypted-Password-Attributes",
    }
)
"""Extended rights and property sets by rightsGuid: cn of the controlAccessRight."""

CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "3fdfee50-47f4-11d1-a9c3-0000f80367c1": "certificationAuthority",
        "bf967a86-0de6-11d0-a285-00aa003049e2": "computer",
        "bf967a9c-0de6-11d0-a285-00aa003049e2": "group",
        "4828cc14-1437-45bc-9b07-ad6f015e5f28": "inetOrgPerson",
        "0feb936f-47b3-49f2-9386-1dedc2c23765": "msDS-DelegatedManagedServiceAccount",
        "7b8b558a-93a5-4af7-adca-c017e67f1057": "msDS-GroupManagedServiceAccount",
        "ce206244-5827-4a86-ba1c-1c0c386c1b64": "msDS-ManagedServiceAccount",
        "f0f8ffab-1191-11d0-a060-00aa006c33ed": "nTDSDSA",
        "bf967aa5-0de6-11d0-a285-00aa003049e2": "organizationalUnit",
        "e5209ca2-3bba-11d2-90cc-00c04fd91ab1": "pKICertificateTemplate",
        "ee4aa692-3bba-11d2-90cc-00c04fd91ab1": "pKIEnrollmentService",
        "bf967a92-0de6-11d0-a285-00aa003049e2": "server",
        "bf967ab8-0de6-11d0-a285-00aa003049e2": "trustedDomain",
        "bf967aba-0de6-11d0-a285-00aa003049e2": "user",
    }
)
"""Classes by schemaIDGUID."""
