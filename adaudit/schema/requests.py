"""What every collection asks for, whichever the way in."""

from __future__ import annotations

CONSTRUCTED_ATTRIBUTES = ("msDS-ResultantPSO", "msDS-User-Account-Control-Computed")
"""Computed by the server on request and absent from ``*``; rules need them."""

LOGON_ATTRIBUTES = ("lastLogon", "logonCount", "badPwdCount", "badPasswordTime")
"""What each domain controller counts for itself and tells no other (MS-ADA1)."""

VOLATILE_ATTRIBUTES = (
    "lastLogoff",
    *LOGON_ATTRIBUTES,
    *CONSTRUCTED_ATTRIBUTES,
)
"""Attributes that change without uSNChanged: those of one server, never replicated (MS-ADTS 3.1.1.1.2), and those
computed when asked for. Each has one value."""

REQUESTED_ATTRIBUTES = ("*", "nTSecurityDescriptor", *CONSTRUCTED_ATTRIBUTES)
"""The attribute list of each search."""

HEAD_ATTRIBUTES = ("replPropertyMetaData",)
"""Asked of the head of each naming context alone, beside those: when its last backup was recorded (MS-ADA3)."""

SD_FLAGS_OID = "1.2.840.113556.1.4.801"
SD_FLAGS_VALUE = bytes.fromhex("3003020107")
"""Owner, group and DACL, without the SACL that an ordinary account may not read (MS-ADTS 3.1.1.3.4.1.11)."""

SECRET_ATTRIBUTES = frozenset(
    name.lower()
    for name in (
        "ms-Mcs-AdmPwd",
        "msLAPS-Password",
        "msLAPS-EncryptedPassword",
        "msLAPS-EncryptedPasswordHistory",
        "msLAPS-EncryptedDSRMPassword",
        "msLAPS-EncryptedDSRMPasswordHistory",
        "msFVE-RecoveryPassword",
        "msFVE-KeyPackage",
        "msDS-ManagedPassword",
        "msKds-RootKeyData",
        "unicodePwd",
        "dBCSPwd",
        "ntPwdHistory",
        "lmPwdHistory",
        "supplementalCredentials",
        "userPassword",
        "unixUserPassword",
        "os400Password",
        "orclCommonAttribute",
        "msSFU30Password",
        "currentValue",
        "priorValue",
        "trustAuthIncoming",
        "trustAuthOutgoing",
        "initialAuthIncoming",
        "initialAuthOutgoing",
        "msPKIAccountCredentials",
        "msPKIDPAPIMasterKeys",
        "msTPM-OwnerInformation",
        "msPKI-CredentialRoamingTokens",
        "msDS-ExecuteScriptPassword",
        "pekList",
        "thumbnailPhoto",
    )
)
"""Attributes whose value is a secret, lower case: recorded as present, never kept. ``thumbnailPhoto`` is the encryption
key of AD FS on its contacts, a face on everybody else."""
