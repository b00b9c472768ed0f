"""Descriptors that a new forest of Windows Server 2016 or later bears.

They are those that Windows gives, from the defaultSecurityDescriptor of the classes (MS-ADSC), what the installation
sets (MS-ADTS 6.1) and what AD CS and the DNS service add.
"""

from __future__ import annotations

SID = "S-1-5-21-1-2-3"
DNS_ADMINS, AUTHORITY_SID = f"{SID}-1101", f"{SID}-1104"

FULL = "CCDCLCSWRPWPDTLOCRSDRCWDWO"
READ = "(A;;LCRPLORC;;;AU)"
ENROLL = "0e10c968-78fb-11d2-90d4-00c04f79dc55"
AUTOENROLL = "a05b8cc2-17bc-4802-a710-e7c15ab866a2"
USER, COMPUTER, GROUP, PERSON = (
    "bf967aba-0de6-11d0-a285-00aa003049e2",
    "bf967a86-0de6-11d0-a285-00aa003049e2",
    "bf967a9c-0de6-11d0-a285-00aa003049e2",
    "4828cc14-1437-45bc-9b07-ad6f015e5f28",
)
CHANGES, SYNCHRONIZE, TOPOLOGY, ALL_CHANGES, FILTERED = (
    "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2",
    "1131f6ab-9c07-11d1-f79f-00c04fc2dcd2",
    "1131f6ac-9c07-11d1-f79f-00c04fc2dcd2",
    "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2",
    "89e95b76-444d-4c62-991a-0facbeda640c",
)


def may(right: str, *whom: str, flags: str = "", mask: str = "CR", inherited: str = "") -> str:
    return "".join(f"(OA;{flags};{mask};{right};{inherited};{who})" for who in whom)


REPLICATION = (
    may(CHANGES, "ED", "BA", "RO")
    + may(SYNCHRONIZE, "ED", "BA")
    + may(TOPOLOGY, "ED", "BA")
    + may(ALL_CHANGES, "BA", "DD")
    + may(FILTERED, "ED", "BA")
)
SELF_SERVICE = may("91e647de-d96f-4b70-9557-d63ff4f3ccd8", "PS", flags="CI", mask="RPWPCR")
TO_COMPUTERS_BELOW = (
    may("9b026da6-0d3c-465c-8bee-5199d7165cba", "CO", "PS", flags="CIIO", mask="SW", inherited=COMPUTER)
    + may("5b47d60f-6090-40b2-9f37-2a4de88f3063", "KA", "EK", flags="CI", mask="RPWP")
    + may("3f78c3e5-f79a-46bd-a0b8-9d18116ddc79", "PS", flags="CIOI", mask="RPWP")
    + may("ea1b7b93-5e48-46d5-bc6c-4df4fda78a35", "PS", flags="CIIO", mask="SWWP", inherited=COMPUTER)
)
PRE_WINDOWS_2000 = "".join(
    may(properties, "RU", flags="CIIO", mask="RP", inherited=kind)
    for kind in (USER, PERSON)
    for properties in (
        "4c164200-20c0-11d0-a768-00aa006e0529",
        "5f202010-79a5-11d0-9020-00c04fc2d4cf",
        "bc0ac240-79a9-11d0-9020-00c04fc2d4cf",
        "59ba2f42-79a2-11d0-9020-00c04fc2d3cf",
        "037088f8-0ae1-11d2-b422-00a0c968f939",
    )
) + "".join(f"(OA;CIIO;LCRPLORC;;{kind};RU)" for kind in (USER, PERSON, GROUP))
HEAD = (
    "O:BAG:BAD:AI"
    + REPLICATION
    + SELF_SERVICE
    + TO_COMPUTERS_BELOW
    + PRE_WINDOWS_2000
    + may("e2a36dc9-ae17-47c3-b58b-be34c55ba633", "S-1-5-32-557")
    + may("3e0f7e18-2c7a-4c10-ba82-4d926db99a3e", "CN")
    + may("280f369c-67c7-438e-ae98-1d46f3c6f541", "AU")
    + may("ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501", "AU")
    + may("05c74c5e-4deb-43b4-bd9f-86664c2a7fd5", "AU")
    + may("c7407360-20bf-11d0-a768-00aa006e0529", "RU", mask="RP")
    + may("b8119fd0-04f6-4762-ab7a-4986c76b3f9a", "RU", "AU", mask="RP")
    + may("b7c69e6d-2cc7-11d2-854e-00a0c983f608", "ED", flags="CIIO", mask="RP", inherited=USER)
    + "(A;;CCLCSWRPWPLOCRRCWDWO;;;DA)(A;CI;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;EA)(A;CI;LC;;;RU)"
    + "(A;CI;CCLCSWRPWPLOCRSDRCWDWO;;;BA)(A;;RP;;;WD)(A;;LCRPLORC;;;ED)"
    + READ
    + f"(A;;{FULL};;;SY)"
)
HOLDER = (
    "O:DAG:DAD:PAI"
    + may("ab721a53-1e2f-11d0-9819-00aa0040529b", "WD", "PS")
    + may("ab721a54-1e2f-11d0-9819-00aa0040529b", "PS")
    + SELF_SERVICE
    + may("5805bc62-bdc9-4428-a5e2-856a0f4c185e", "S-1-5-32-561", mask="RPWP")
    + may("6db69a1c-9422-11d1-aebd-0000f80367c1", "S-1-5-32-561", mask="RPWP")
    + may("46a9b11d-60ae-405a-b7e8-ff8a58d456d2", "S-1-5-32-560", mask="RP")
    + may("bf967a7f-0de6-11d0-a285-00aa003049e2", "CA", mask="RPWP")
    + f"(OA;;LCRPLORC;;{USER};RU)(OA;;LCRPLORC;;{PERSON};RU)(A;;CCDCLCSWRPWPLOCRRCWDWO;;;DA)"
    + f"(A;;CCDCLCSWRPWPLOCRRCWDWO;;;EA)(A;;CCDCLCSWRPWPLOCRSDRCWDWO;;;BA){READ}(A;;{FULL};;;SY)"
)
INHERITED = (
    may("5b47d60f-6090-40b2-9f37-2a4de88f3063", "KA", "EK", flags="CIID", mask="RPWP")
    + may("9b026da6-0d3c-465c-8bee-5199d7165cba", "DA", "PS", flags="CIID", mask="SW", inherited=COMPUTER)
    + may("3f78c3e5-f79a-46bd-a0b8-9d18116ddc79", "PS", flags="CIOIID", mask="RPWP")
    + "(A;CIID;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;EA)(A;CIID;LC;;;RU)(A;CIID;CCLCSWRPWPLOCRSDRCWDWO;;;BA)"
)
CONTROLLER = (
    f"O:DAG:DAD:AI(A;;{FULL};;;DA)(A;;{FULL};;;AO)(A;;{FULL};;;SY)(A;;LCRPDTLOCRSDRC;;;DA){READ}(A;;CCDC;;;PS)"
    + may("4c164200-20c0-11d0-a768-00aa006e0529", "DA", mask="WP")
    + may("ab721a53-1e2f-11d0-9819-00aa0040529b", "WD")
    + may("bf967aa8-0de6-11d0-a285-00aa003049e2", "PO", mask="CCDC")
    + may("bf967a7f-0de6-11d0-a285-00aa003049e2", "CA", mask="RPWP")
    + may("f3a64788-5306-11d1-a9c5-0000f80367c1", "PS", "DA", mask="SW")
    + may("72e39547-7b18-11d1-adef-00c04fd8d5cd", "PS", "DA", mask="SW")
    + may("77b5b886-944a-11d1-aebd-0000f80367c1", "PS", mask="RPWP")
    + may("46a9b11d-60ae-405a-b7e8-ff8a58d456d2", "S-1-5-32-560", mask="RP")
    + INHERITED
)
POLICY = (
    f"O:DAG:DAD:PAI(A;CI;{FULL};;;DA)(A;CI;{FULL};;;EA)(A;CI;{FULL};;;SY)(A;CIIO;{FULL};;;CO)"
    "(A;CI;LCRPLORC;;;AU)(A;CI;LCRPLORC;;;ED)" + may("edacfd8f-ffb3-11d1-b41d-00a0c968f939", "AU", flags="CI")
)
CONFIGURATION_HEAD = f"O:EAG:EAD:AI{REPLICATION}{READ}(A;CI;{FULL};;;EA)(A;CI;{FULL};;;DA)(A;CI;{FULL};;;SY)"
SCHEMA_HEAD = (
    f"O:SAG:SAD:AI{REPLICATION}"
    + may(ALL_CHANGES, "RO")
    + may("e12b56b6-0a95-11d1-adbb-00c04fd8d5cd", "SA", flags="CI", mask="WP")
    + "(A;CI;LCRPLORC;;;AU)(A;CI;CCLCSWRPWPLOCRRCWDWO;;;SA)(A;CI;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;SY)"
)
APPLICATION_HEAD = (
    f"O:DAG:DAD:AI{REPLICATION}(A;;RP;;;WD){READ}(A;;CCLCSWRPWPLOCRRCWDWO;;;DA)(A;CI;CCLCSWRPWPLOCRSDRCWDWO;;;BA)"
    f"(A;;{FULL};;;SY)(A;CI;{FULL};;;EA)(A;CI;LC;;;RU)"
)
ZONE = (
    f"O:SYG:BAD:AI(A;;{FULL};;;DA)(A;;CC;;;AU)(A;;LCRPLORC;;;WD)(A;;{FULL};;;SY)"
    f"(A;CI;{FULL};;;ED)(A;CI;{FULL};;;{DNS_ADMINS})"
)
DNS_SERVER = f"O:SYG:BAD:AI(A;;{FULL};;;DA)(A;CI;{FULL};;;{DNS_ADMINS})(A;;{FULL};;;SY)(A;CI;{FULL};;;ED){READ}"
ADMINISTERED = f"(A;CIID;{FULL};;;EA)(A;CIID;{FULL};;;DA)(A;CIID;{FULL};;;SY)"
PUBLISHED = f"O:EAG:EAD:AI(A;CI;{FULL};;;CA){READ}{ADMINISTERED}"
TRUSTED = f"O:EAG:EAD:AI{READ}(A;;{FULL};;;BA){ADMINISTERED}"
OF_AUTHORITY = f"O:EAG:EAD:AI(A;;{FULL};;;{AUTHORITY_SID}){READ}{may(ENROLL, 'AU')}{ADMINISTERED}"


def template(*enrolees: str, automatic: str = "") -> str:
    rights = may(ENROLL, "DA", "EA", mask="RPWPCR") + may(ENROLL, *enrolees, mask="RPWPCR")
    return (
        f"O:EAG:EAD:PAI{rights}{may(AUTOENROLL, automatic) if automatic else ''}"
        f"(A;;CCDCLCSWRPWPDTLOSDRCWDWO;;;DA)(A;;CCDCLCSWRPWPDTLOSDRCWDWO;;;EA){READ}"
    )


def ordinary_group() -> str:
    return f"O:DAG:DAD:AI(A;;{FULL};;;DA)(A;;{FULL};;;AO)(A;;{FULL};;;SY)(A;;LCRPLORC;;;PS){READ}" + may(
        "ab721a55-1e2f-11d0-9819-00aa0040529b", "AU"
    )


_ALL, _READ, _CHANGE = "0x1f01ff", "0x1200a9", "0x1301bf"
SHARED = (
    f"O:BAG:SYD:P(A;OICI;{_READ};;;AU)(A;OICI;{_READ};;;SO)(A;OICI;{_ALL};;;BA)(A;OICI;{_ALL};;;SY)"
    f"(A;OICIIO;{_ALL};;;CO)"
)
POLICY_FILES = (
    f"O:DAG:DAD:P(A;OICI;{_ALL};;;DA)(A;OICI;{_ALL};;;EA)(A;OICIIO;{_ALL};;;CO)(A;OICI;{_ALL};;;SY)"
    f"(A;OICI;{_READ};;;AU)(A;OICI;{_READ};;;ED)"
)
INHERITED_BY_FILES = (
    f"O:DAG:DAD:AI(A;OICIID;{_ALL};;;DA)(A;OICIID;{_ALL};;;EA)(A;OICIIOID;{_ALL};;;CO)(A;OICIID;{_ALL};;;SY)"
    f"(A;OICIID;{_READ};;;AU)(A;OICIID;{_READ};;;ED)"
)
CREATORS = f"(A;OICI;{_CHANGE};;;PA)"
"""What Group Policy Creator Owners may do in the folder of all policies."""
