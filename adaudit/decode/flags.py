"""Bit fields of directory attributes and what their bits mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

UNSIGNED_32 = 0xFFFFFFFF


def unsigned32(value: int) -> int:
    """The bit field behind a signed 32-bit integer, as LDAP prints it: -2147483646 is 0x80000002."""
    return value & UNSIGNED_32


class UserAccountControl(IntFlag):
    """userAccountControl and msDS-User-Account-Control-Computed (MS-ADTS 2.2.16)."""

    SCRIPT = 0x1
    ACCOUNTDISABLE = 0x2
    HOMEDIR_REQUIRED = 0x8
    LOCKOUT = 0x10
    PASSWD_NOTREQD = 0x20
    PASSWD_CANT_CHANGE = 0x40
    ENCRYPTED_TEXT_PWD_ALLOWED = 0x80
    TEMP_DUPLICATE_ACCOUNT = 0x100
    NORMAL_ACCOUNT = 0x200
    INTERDOMAIN_TRUST_ACCOUNT = 0x800
    WORKSTATION_TRUST_ACCOUNT = 0x1000
    SERVER_TRUST_ACCOUNT = 0x2000
    DONT_EXPIRE_PASSWORD = 0x10000
    MNS_LOGON_ACCOUNT = 0x20000
    SMARTCARD_REQUIRED = 0x40000
    TRUSTED_FOR_DELEGATION = 0x80000
    NOT_DELEGATED = 0x100000
    USE_DES_KEY_ONLY = 0x200000
    DONT_REQ_PREAUTH = 0x400000
    PASSWORD_EXPIRED = 0x800000
    TRUSTED_TO_AUTH_FOR_DELEGATION = 0x1000000
    NO_AUTH_DATA_REQUIRED = 0x2000000
    PARTIAL_SECRETS_ACCOUNT = 0x4000000
    USE_AES_KEYS = 0x8000000


class GroupType(IntFlag):
    """groupType, unsigned (MS-ADTS 2.2.12)."""

    BUILTIN_LOCAL = 0x1
    GLOBAL = 0x2
    DOMAIN_LOCAL = 0x4
    UNIVERSAL = 0x8
    APP_BASIC = 0x10
    APP_QUERY = 0x20
    SECURITY_ENABLED = 0x80000000


class TrustDirection(IntFlag):
    """trustDirection (MS-ADTS 6.1.6.7.12)."""

    DISABLED = 0
    INBOUND = 1
    OUTBOUND = 2
    BIDIRECTIONAL = 3


class TrustType(IntEnum):
    """trustType (MS-ADTS 6.1.6.7.15)."""

    DOWNLEVEL = 1
    UPLEVEL = 2
    MIT = 3
    DCE = 4
    AAD = 5


class TrustAttributes(IntFlag):
    """trustAttributes (MS-ADTS 6.1.6.7.9)."""

    NON_TRANSITIVE = 0x1
    UPLEVEL_ONLY = 0x2
    QUARANTINED_DOMAIN = 0x4
    FOREST_TRANSITIVE = 0x8
    CROSS_ORGANIZATION = 0x10
    WITHIN_FOREST = 0x20
    TREAT_AS_EXTERNAL = 0x40
    USES_RC4_ENCRYPTION = 0x80
    CROSS_ORGANIZATION_NO_TGT_DELEGATION = 0x200
    PIM_TRUST = 0x400
    CROSS_ORGANIZATION_ENABLE_TGT_DELEGATION = 0x800
    DISABLE_AUTH_TARGET_VALIDATION = 0x1000


class EncryptionTypes(IntFlag):
    """msDS-SupportedEncryptionTypes (MS-KILE 2.2.7)."""

    DES_CBC_CRC = 0x1
    DES_CBC_MD5 = 0x2
    RC4_HMAC = 0x4
    AES128_CTS_HMAC_SHA1_96 = 0x8
    AES256_CTS_HMAC_SHA1_96 = 0x10
    AES256_CTS_HMAC_SHA1_96_SK = 0x20
    AES128_CTS_HMAC_SHA256_128 = 0x40
    AES256_CTS_HMAC_SHA384_192 = 0x80
    FAST_SUPPORTED = 0x10000
    COMPOUND_IDENTITY_SUPPORTED = 0x20000
    CLAIMS_SUPPORTED = 0x40000
    RESOURCE_SID_COMPRESSION_DISABLED = 0x80000


class SearchFlags(IntFlag):
    """searchFlags of an attributeSchema object (MS-ADTS 2.2.10)."""

    ATTINDEX = 0x1
    PDNTATTINDEX = 0x2
    ANR = 0x4
    PRESERVE_ON_DELETE = 0x8
    COPY = 0x10
    TUPLE_INDEX = 0x20
    SUBTREE_ATTRIBUTE_INDEX = 0x40
    CONFIDENTIAL = 0x80
    NEVER_VALUE_AUDIT = 0x100
    RODC_FILTERED = 0x200
    EXTENDED_LINK_TRACKING = 0x400
    BASE_ONLY = 0x800
    PARTITION_SECRET = 0x1000


class SystemFlags(IntFlag):
    """systemFlags of attributes, cross references and objects (MS-ADTS 2.2.11); the low bits depend on the class."""

    ATTR_NOT_REPLICATED = 0x1
    ATTR_REQ_PARTIAL_SET_MEMBER = 0x2
    ATTR_IS_CONSTRUCTED = 0x4
    ATTR_IS_OPERATIONAL = 0x8
    SCHEMA_BASE_OBJECT = 0x10
    ATTR_IS_RDN = 0x20
    CR_NTDS_NC = 0x1
    CR_NTDS_DOMAIN = 0x2
    CR_NTDS_NOT_GC_REPLICATED = 0x4
    DISALLOW_MOVE_ON_DELETE = 0x2000000
    DOMAIN_DISALLOW_MOVE = 0x4000000
    DOMAIN_DISALLOW_RENAME = 0x8000000
    CONFIG_ALLOW_LIMITED_MOVE = 0x10000000
    CONFIG_ALLOW_MOVE = 0x20000000
    CONFIG_ALLOW_RENAME = 0x40000000
    DISALLOW_DELETE = 0x80000000


class CertificateNameFlag(IntFlag):
    """msPKI-Certificate-Name-Flag, unsigned (MS-CRTD 2.28)."""

    ENROLLEE_SUPPLIES_SUBJECT = 0x1
    OLD_CERT_SUPPLIES_SUBJECT_AND_ALT_NAME = 0x8
    ENROLLEE_SUPPLIES_SUBJECT_ALT_NAME = 0x10000
    SUBJECT_ALT_REQUIRE_DOMAIN_DNS = 0x400000
    SUBJECT_ALT_REQUIRE_SPN = 0x800000
    SUBJECT_ALT_REQUIRE_DIRECTORY_GUID = 0x1000000
    SUBJECT_ALT_REQUIRE_UPN = 0x2000000
    SUBJECT_ALT_REQUIRE_EMAIL = 0x4000000
    SUBJECT_ALT_REQUIRE_DNS = 0x8000000
    SUBJECT_REQUIRE_DNS_AS_CN = 0x10000000
    SUBJECT_REQUIRE_EMAIL = 0x20000000
    SUBJECT_REQUIRE_COMMON_NAME = 0x40000000
    SUBJECT_REQUIRE_DIRECTORY_PATH = 0x80000000


class EnrollmentFlag(IntFlag):
    """msPKI-Enrollment-Flag (MS-CRTD 2.26)."""

    INCLUDE_SYMMETRIC_ALGORITHMS = 0x1
    PEND_ALL_REQUESTS = 0x2
    PUBLISH_TO_KRA_CONTAINER = 0x4
    PUBLISH_TO_DS = 0x8
    AUTO_ENROLLMENT_CHECK_USER_DS_CERTIFICATE = 0x10
    AUTO_ENROLLMENT = 0x20
    PREVIOUS_APPROVAL_VALIDATE_REENROLLMENT = 0x40
    USER_INTERACTION_REQUIRED = 0x100
    ADD_TEMPLATE_NAME = 0x200
    REMOVE_INVALID_CERTIFICATE_FROM_PERSONAL_STORE = 0x400
    ALLOW_ENROLL_ON_BEHALF_OF = 0x800
    ADD_OCSP_NOCHECK = 0x1000
    ENABLE_KEY_REUSE_ON_NT_TOKEN_KEYSET_STORAGE_FULL = 0x2000
    NO_REVOCATION_INFO_IN_ISSUED_CERTS = 0x4000
    INCLUDE_BASIC_CONSTRAINTS_FOR_EE_CERTS = 0x8000
    ALLOW_PREVIOUS_APPROVAL_KEY_BASED_RENEWAL_VALIDATE_REENROLLMENT = 0x10000
    ISSUANCE_POLICIES_FROM_REQUEST = 0x20000
    SKIP_AUTO_RENEWAL = 0x40000
    NO_SECURITY_EXTENSION = 0x80000


class PrivateKeyFlag(IntFlag):
    """msPKI-Private-Key-Flag (MS-CRTD 2.27); the version nibbles left out."""

    REQUIRE_PRIVATE_KEY_ARCHIVAL = 0x1
    EXPORTABLE_KEY = 0x10
    STRONG_KEY_PROTECTION_REQUIRED = 0x20
    REQUIRE_ALTERNATE_SIGNATURE_ALGORITHM = 0x40
    REQUIRE_SAME_KEY_RENEWAL = 0x80
    USE_LEGACY_PROVIDER = 0x100
    ATTEST_PREFERRED = 0x1000
    ATTEST_REQUIRED = 0x2000
    ATTESTATION_WITHOUT_POLICY = 0x4000
    HELLO_LOGON_KEY = 0x200000


class AccessMask(IntFlag):
    """Rights of an ACE on a directory object (MS-ADTS 5.1.3.2)."""

    DS_CREATE_CHILD = 0x1
    DS_DELETE_CHILD = 0x2
    DS_LIST_CONTENTS = 0x4
    DS_SELF = 0x8
    DS_READ_PROPERTY = 0x10
    DS_WRITE_PROPERTY = 0x20
    DS_DELETE_TREE = 0x40
    DS_LIST_OBJECT = 0x80
    DS_CONTROL_ACCESS = 0x100
    DELETE = 0x10000
    READ_CONTROL = 0x20000
    WRITE_DAC = 0x40000
    WRITE_OWNER = 0x80000
    SYNCHRONIZE = 0x100000
    ACCESS_SYSTEM_SECURITY = 0x1000000
    MAXIMUM_ALLOWED = 0x2000000
    GENERIC_ALL = 0x10000000
    GENERIC_EXECUTE = 0x20000000
    GENERIC_WRITE = 0x40000000
    GENERIC_READ = 0x80000000


FULL_CONTROL = 0xF01FF
"""Every right on a directory object: what GENERIC_ALL stands for."""

_GENERIC_BITS = 0xF0000000
_GENERIC_MAPPING = (
    (int(AccessMask.GENERIC_ALL), FULL_CONTROL),
    (int(AccessMask.GENERIC_EXECUTE), 0x20004),
    (int(AccessMask.GENERIC_WRITE), 0x20028),
    (int(AccessMask.GENERIC_READ), 0x20094),
)


def expand_generic(mask: int) -> int:
    """The mask with its generic bits replaced by the directory rights they stand for (MS-ADTS 5.1.3.2)."""
    if not mask & _GENERIC_BITS:
        return mask
    expanded = mask & ~_GENERIC_BITS
    for bit, rights in _GENERIC_MAPPING:
        if mask & bit:
            expanded |= rights
    return expanded


class AceFlags(IntFlag):
    """Flags of an ACE header (MS-DTYP 2.4.4.1)."""

    OBJECT_INHERIT = 0x1
    CONTAINER_INHERIT = 0x2
    NO_PROPAGATE_INHERIT = 0x4
    INHERIT_ONLY = 0x8
    INHERITED = 0x10
    SUCCESSFUL_ACCESS = 0x40
    FAILED_ACCESS = 0x80


class DescriptorControl(IntFlag):
    """Control bits of a security descriptor (MS-DTYP 2.4.6)."""

    OWNER_DEFAULTED = 0x1
    GROUP_DEFAULTED = 0x2
    DACL_PRESENT = 0x4
    DACL_DEFAULTED = 0x8
    SACL_PRESENT = 0x10
    SACL_DEFAULTED = 0x20
    DACL_TRUSTED = 0x40
    SERVER_SECURITY = 0x80
    DACL_AUTO_INHERIT_REQUIRED = 0x100
    SACL_AUTO_INHERIT_REQUIRED = 0x200
    DACL_AUTO_INHERITED = 0x400
    SACL_AUTO_INHERITED = 0x800
    DACL_PROTECTED = 0x1000
    SACL_PROTECTED = 0x2000
    RM_CONTROL_VALID = 0x4000
    SELF_RELATIVE = 0x8000


_HEX_DIGITS = "0123456789abcdefABCDEF"


@dataclass(frozen=True, slots=True)
class DsHeuristics:
    """The forest's dSHeuristics, one setting per character (MS-ADTS 6.1.1.2.4.1.2); build it with ``from_text``.

    ``error`` tells what in the text is not as specified, with its 1-based character; None when sound.
    """

    text: str
    error: str | None

    @classmethod
    def from_text(cls, text: str | None) -> DsHeuristics:
        """Never raises. No text (the attribute is not set) is every setting at its default."""
        text = text or ""
        for position, character in enumerate(text, start=1):
            if character not in _HEX_DIGITS:
                return cls(text, f"character {position} is not a hexadecimal digit")
            if position % 10 == 0 and int(character, 16) != position // 10:
                return cls(text, f"character {position} must be {position // 10}")
        return cls(text, None)

    def character(self, n: int) -> int | None:
        """The ``n``-th setting, from 1; None when the text is shorter, or no digit is there (see ``error``)."""
        character = self.text[n - 1 : n]
        return int(character, 16) if character and character in _HEX_DIGITS else None
