"""The settings of the two policies that a new domain has."""

from __future__ import annotations

from collections.abc import Iterator

from adaudit.decode.group_policy import Setting
from adaudit.decode.sddl import from_sddl
from tests.rules.windows_descriptors import CREATORS, INHERITED_BY_FILES, POLICY_FILES, SHARED, SID

DEFAULT_DOMAIN = "{31B2F340-016D-11D2-945F-00C04FB984F9}"
DEFAULT_CONTROLLERS = "{6AC1786C-016F-11D2-945F-00C04FB984F9}"
ROOT = "chu.example"
TEMPLATE = r"MACHINE\Microsoft\Windows NT\SecEdit\GptTmpl.inf"
RIGHTS_ON_CONTROLLERS = {
    "SeAssignPrimaryTokenPrivilege": "S-1-5-20,S-1-5-19",
    "SeAuditPrivilege": "S-1-5-20,S-1-5-19",
    "SeBackupPrivilege": "S-1-5-32-549,S-1-5-32-551,S-1-5-32-544",
    "SeBatchLogonRight": "S-1-5-32-559,S-1-5-32-551,S-1-5-32-544",
    "SeChangeNotifyPrivilege": "S-1-5-32-554,S-1-5-11,S-1-5-32-544,S-1-5-20,S-1-5-19,S-1-1-0",
    "SeCreatePagefilePrivilege": "S-1-5-32-544",
    "SeDebugPrivilege": "S-1-5-32-544",
    "SeEnableDelegationPrivilege": "S-1-5-32-544",
    "SeIncreaseBasePriorityPrivilege": "S-1-5-90-0,S-1-5-32-544",
    "SeIncreaseQuotaPrivilege": "S-1-5-32-544,S-1-5-20,S-1-5-19",
    "SeInteractiveLogonRight": "S-1-5-9,S-1-5-32-550,S-1-5-32-549,S-1-5-32-548,S-1-5-32-551,S-1-5-32-544",
    "SeLoadDriverPrivilege": "S-1-5-32-550,S-1-5-32-544",
    "SeMachineAccountPrivilege": "S-1-5-11",
    "SeNetworkLogonRight": "S-1-5-32-554,S-1-5-9,S-1-5-11,S-1-5-32-544,S-1-1-0",
    "SeProfileSingleProcessPrivilege": "S-1-5-32-544",
    "SeRemoteShutdownPrivilege": "S-1-5-32-549,S-1-5-32-544",
    "SeRestorePrivilege": "S-1-5-32-549,S-1-5-32-551,S-1-5-32-544",
    "SeSecurityPrivilege": "S-1-5-32-544",
    "SeShutdownPrivilege": "S-1-5-32-550,S-1-5-32-549,S-1-5-32-551,S-1-5-32-544",
    "SeSystemEnvironmentPrivilege": "S-1-5-32-544",
    "SeSystemTimePrivilege": "S-1-5-32-549,S-1-5-32-544,S-1-5-19",
    "SeTakeOwnershipPrivilege": "S-1-5-32-544",
    "SeUndockPrivilege": "S-1-5-32-544",
}
VALUES_ON_CONTROLLERS = {
    r"MACHINE\System\CurrentControlSet\Services\NTDS\Parameters\LDAPServerIntegrity": "1",
    r"MACHINE\System\CurrentControlSet\Services\Netlogon\Parameters\RequireSignOrSeal": "1",
    r"MACHINE\System\CurrentControlSet\Services\LanManServer\Parameters\RequireSecuritySignature": "1",
    r"MACHINE\System\CurrentControlSet\Services\LanManServer\Parameters\EnableSecuritySignature": "1",
}
SYSTEM_ACCESS = {
    "MinimumPasswordAge": "1",
    "MaximumPasswordAge": "42",
    "MinimumPasswordLength": "7",
    "PasswordComplexity": "1",
    "PasswordHistorySize": "24",
    "LockoutBadCount": "0",
    "ClearTextPassword": "0",
    "LSAAnonymousNameLookup": "0",
}
KERBEROS_POLICY = {
    "MaxTicketAge": "10",
    "MaxRenewAge": "7",
    "MaxServiceAge": "600",
    "MaxClockSkew": "5",
    "TicketValidateClient": "1",
}


def settings() -> Iterator[tuple[str, Setting]]:
    """Each setting of the two policies, with the file of SYSVOL that holds it."""
    no_lm_hash = r"MACHINE\System\CurrentControlSet\Control\Lsa\NoLMHash"
    for policy, sections in {
        DEFAULT_DOMAIN: {
            "System Access": SYSTEM_ACCESS,
            "Kerberos Policy": KERBEROS_POLICY,
            "Registry Values": {no_lm_hash: "1"},
        },
        DEFAULT_CONTROLLERS: {
            "Privilege Rights": RIGHTS_ON_CONTROLLERS,
            "Registry Values": VALUES_ON_CONTROLLERS,
        },
    }.items():
        for section, lines in sections.items():
            for name, value in lines.items():
                kind = "REG_DWORD" if section == "Registry Values" else ""
                yield rf"{ROOT}\Policies\{policy}\{TEMPLATE}", Setting("security_template", section, name, value, kind)


def files() -> Iterator[tuple[str, bool, bytes]]:
    """Path, whether it is a folder, and descriptor of what SYSVOL holds."""
    shared = {"": SHARED, r"\scripts": SHARED, r"\Policies": SHARED + CREATORS}
    for path, sddl in shared.items():
        yield ROOT + path, True, from_sddl(sddl, SID)
    inherited = from_sddl(INHERITED_BY_FILES, SID)
    for policy in (DEFAULT_DOMAIN, DEFAULT_CONTROLLERS):
        folder = rf"{ROOT}\Policies\{policy}"
        yield folder, True, from_sddl(POLICY_FILES, SID)
        parts = TEMPLATE.split("\\")
        for depth in range(1, len(parts)):
            yield "\\".join((folder, *parts[:depth])), True, inherited
        yield rf"{folder}\{TEMPLATE}", False, inherited
        yield rf"{folder}\GPT.INI", False, inherited
