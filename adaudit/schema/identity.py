"""Tables of the forest, its objects and the identities in it."""

from __future__ import annotations

from adaudit.schema.model import Column, Kind, Table, filetime, interval

FORESTS = Table(
    "forests",
    "The forest of the snapshot: one row.",
    (
        Column("dns_name", Kind.TEXT, "DNS name of the forest root domain"),
        Column("functional_level", Kind.INT, "msDS-Behavior-Version of CN=Partitions", "msDS-Behavior-Version"),
        Column("schema_version", Kind.INT, "objectVersion of the schema head", "objectVersion"),
        Column("ds_heuristics", Kind.TEXT, "dSHeuristics as read; null when not set or not read", "dSHeuristics"),
        Column("tombstone_lifetime_days", Kind.INT, "tombstoneLifetime; null when not set", "tombstoneLifetime"),
        Column("upn_suffixes", Kind.TEXTS, "uPNSuffixes of CN=Partitions", "uPNSuffixes"),
        Column("spn_suffixes", Kind.TEXTS, "msDS-SPNSuffixes of CN=Partitions", "msDS-SPNSuffixes"),
        Column("recycle_bin_enabled", Kind.BOOL, "the Recycle Bin feature is enabled; null when not read"),
    ),
)

DOMAINS = Table(
    "domains",
    "One row per domain of the forest known from CN=Partitions or from its head, in the order of DNS names.",
    (
        Column("domain_id", Kind.ID, "identifies the domain in this snapshot"),
        Column("dn", Kind.DN, "distinguished name of the domain head", "nCName"),
        Column("dns_name", Kind.TEXT, "DNS name, lower case", "dnsRoot"),
        Column("netbios_name", Kind.TEXT, "NetBIOS name", "nETBIOSName"),
        Column("sid", Kind.SID, "domain SID; null when the domain was not collected", "objectSid"),
        Column("is_root", Kind.BOOL, "it is the forest root domain"),
        Column("is_collected", Kind.BOOL, "its partition was read"),
        Column("object_id", Kind.ID, "the domain head in objects; null when not collected"),
        Column("functional_level", Kind.INT, "msDS-Behavior-Version of the head", "msDS-Behavior-Version", always=True),
        Column("machine_account_quota", Kind.INT, "ms-DS-MachineAccountQuota", "ms-DS-MachineAccountQuota"),
        Column("nt_mixed_domain", Kind.INT, "nTMixedDomain", "nTMixedDomain"),
    ),
)

PARTITIONS = Table(
    "partitions",
    "Naming contexts of the forest.",
    (
        Column("partition_id", Kind.ID, "identifies the naming context in this snapshot"),
        Column("dn", Kind.DN, "distinguished name of its head"),
        Column("kind", Kind.TEXT, "domain, configuration, schema, domain_dns, forest_dns or application"),
        Column("domain_id", Kind.ID, "domain it belongs to; the forest root for forest-wide ones"),
        Column("is_collected", Kind.BOOL, "it was read, at least in part"),
    ),
)

OBJECTS = Table(
    "objects",
    "One row per directory object, in the order of its GUID.",
    (
        Column("object_id", Kind.ID, "identifies the object in this snapshot"),
        Column("guid", Kind.GUID, "objectGUID", "objectGUID"),
        Column("dn", Kind.DN, "distinguished name as read"),
        Column("parent_id", Kind.ID, "object above it; null when that object was not seen"),
        Column("partition_id", Kind.ID, "naming context"),
        Column("domain_id", Kind.ID, "domain; the forest root for forest-wide partitions"),
        Column("name", Kind.TEXT, "RDN value", "name"),
        Column(
            "object_class", Kind.TEXT, "most specific class, as spelled by the directory", "objectClass", always=True
        ),
        Column("object_classes", Kind.TEXTS, "objectClass, from top to the most specific", "objectClass", always=True),
        Column("is_deleted", Kind.BOOL, "isDeleted is TRUE", "isDeleted"),
        Column("is_recycled", Kind.BOOL, "isRecycled is TRUE", "isRecycled"),
        Column("created_at", Kind.TIME, "whenCreated", "whenCreated", always=True),
        Column("changed_at", Kind.TIME, "whenChanged (of this DC's replica)", "whenChanged", always=True),
        Column("usn_created", Kind.INT, "uSNCreated", "uSNCreated"),
        Column("usn_changed", Kind.INT, "uSNChanged", "uSNChanged"),
        Column("system_flags", Kind.INT, "systemFlags", "systemFlags"),
        Column("description", Kind.TEXT, "first description, passwords masked by reports", "description"),
        Column("display_name", Kind.TEXT, "displayName", "displayName"),
        Column("sd_id", Kind.ID, "its descriptor; null when it was not read", "nTSecurityDescriptor", always=True),
    ),
)

PRINCIPALS = Table(
    "principals",
    "One row per identity seen anywhere, in the order of SID, then of DN for those without one.",
    (
        Column("principal_id", Kind.ID, "identifies the identity in this snapshot"),
        Column("sid", Kind.SID, "SID; null for a type 'unseen'"),
        Column("rid", Kind.INT, "last sub-authority of the SID"),
        Column("domain_id", Kind.ID, "domain; for BUILTIN the one it is scoped to; null for well-known and foreign"),
        Column("object_id", Kind.ID, "the object that bears the SID; null when there is none in the snapshot"),
        Column(
            "type",
            Kind.TEXT,
            "user, computer, managed_service_account, group, foreign (of another forest), well_known, "
            "dangling (SID of a collected domain that no object bears) or unseen (a DN referred to, never read)",
        ),
        Column("name", Kind.TEXT, "sAMAccountName; for a well-known SID its English name; else null"),
        Column("dn", Kind.DN, "DN of its object, or the DN by which it was referred to"),
    ),
)

ACCOUNT_COLUMNS: tuple[Column, ...] = (
    Column("object_id", Kind.ID, "row in objects"),
    Column("principal_id", Kind.ID, "row in principals; null when objectSid was not read"),
    Column("domain_id", Kind.ID, "row in domains"),
    Column("sid", Kind.SID, "objectSid", "objectSid", always=True),
    Column("rid", Kind.INT, "last sub-authority of objectSid", "objectSid", always=True),
    Column("dn", Kind.DN, "distinguished name"),
    Column("sam_account_name", Kind.TEXT, "sAMAccountName", "sAMAccountName", always=True),
    Column("user_principal_name", Kind.TEXT, "userPrincipalName", "userPrincipalName"),
    Column("user_account_control", Kind.FLAGS, "userAccountControl", "userAccountControl", always=True),
    Column(
        "user_account_control_computed",
        Kind.FLAGS,
        "msDS-User-Account-Control-Computed: locked out (0x10), password expired (0x800000)",
        "msDS-User-Account-Control-Computed",
    ),
    Column("is_enabled", Kind.BOOL, "ACCOUNTDISABLE (0x2) not set", "userAccountControl", always=True),
    Column("password_not_required", Kind.BOOL, "PASSWD_NOTREQD", "userAccountControl", always=True, bit=0x20),
    Column("password_stored_reversibly", Kind.BOOL, "ENCRYPTED_TEXT_PWD_ALLOWED", "userAccountControl", True, 0x80),
    Column("is_trust_account", Kind.BOOL, "INTERDOMAIN_TRUST_ACCOUNT", "userAccountControl", always=True, bit=0x800),
    Column("is_workstation_account", Kind.BOOL, "WORKSTATION_TRUST_ACCOUNT", "userAccountControl", True, 0x1000),
    Column(
        "is_server_account", Kind.BOOL, "SERVER_TRUST_ACCOUNT (a DC)", "userAccountControl", always=True, bit=0x2000
    ),
    Column("password_never_expires", Kind.BOOL, "DONT_EXPIRE_PASSWORD", "userAccountControl", always=True, bit=0x10000),
    Column("smartcard_required", Kind.BOOL, "SMARTCARD_REQUIRED", "userAccountControl", always=True, bit=0x40000),
    Column("trusted_for_delegation", Kind.BOOL, "TRUSTED_FOR_DELEGATION", "userAccountControl", True, 0x80000),
    Column("is_not_delegated", Kind.BOOL, "NOT_DELEGATED (sensitive)", "userAccountControl", always=True, bit=0x100000),
    Column("uses_des_only", Kind.BOOL, "USE_DES_KEY_ONLY", "userAccountControl", always=True, bit=0x200000),
    Column("preauth_not_required", Kind.BOOL, "DONT_REQ_PREAUTH", "userAccountControl", always=True, bit=0x400000),
    Column(
        "trusted_to_auth_for_delegation",
        Kind.BOOL,
        "TRUSTED_TO_AUTH_FOR_DELEGATION (protocol transition)",
        "userAccountControl",
        True,
        0x1000000,
    ),
    Column("is_rodc_account", Kind.BOOL, "PARTIAL_SECRETS_ACCOUNT (an RODC)", "userAccountControl", True, 0x4000000),
    *filetime("password_last_set", "pwdLastSet", "pwdLastSet", always=True),
    *filetime("last_logon_timestamp", "lastLogonTimestamp, replicated up to 14 days late", "lastLogonTimestamp"),
    *filetime("last_logon", "lastLogon on the DC that was read, not replicated", "lastLogon"),
    *filetime("account_expires", "accountExpires", "accountExpires"),
    Column("logon_count", Kind.INT, "logonCount on the DC that was read", "logonCount"),
    Column("primary_group_rid", Kind.INT, "primaryGroupID", "primaryGroupID", always=True),
    Column("admin_count", Kind.INT, "adminCount; null when not set", "adminCount"),
    Column(
        "supported_encryption_types",
        Kind.FLAGS,
        "msDS-SupportedEncryptionTypes; null when not set (the domain's default applies)",
        "msDS-SupportedEncryptionTypes",
    ),
    Column(
        "resultant_pso_dn", Kind.DN, "msDS-ResultantPSO; null when none applies or not readable", "msDS-ResultantPSO"
    ),
    Column("script_path", Kind.TEXT, "scriptPath", "scriptPath"),
    Column("profile_path", Kind.TEXT, "profilePath", "profilePath"),
    Column("alt_security_identities", Kind.TEXTS, "altSecurityIdentities", "altSecurityIdentities"),
    Column("rbcd_sd_id", Kind.ID, "descriptor of RBCD, role rbcd", "msDS-AllowedToActOnBehalfOfOtherIdentity"),
)

USERS = Table(
    "users",
    "Objects of class user or inetOrgPerson that are not computers; trust accounts included.",
    (
        *ACCOUNT_COLUMNS,
        Column("given_name", Kind.TEXT, "givenName", "givenName"),
        Column("surname", Kind.TEXT, "sn", "sn"),
        Column("mail", Kind.TEXT, "mail", "mail"),
        Column("employee_id", Kind.TEXT, "employeeID", "employeeID"),
        Column("employee_number", Kind.TEXT, "employeeNumber", "employeeNumber"),
        Column("title", Kind.TEXT, "title", "title"),
        Column("department", Kind.TEXT, "department", "department"),
        Column("company", Kind.TEXT, "company", "company"),
        Column("home_directory", Kind.TEXT, "homeDirectory", "homeDirectory"),
    ),
)

COMPUTERS = Table(
    "computers",
    "Objects of class computer that are not managed service accounts.",
    (
        *ACCOUNT_COLUMNS,
        Column("dns_host_name", Kind.TEXT, "dNSHostName", "dNSHostName"),
        Column("operating_system", Kind.TEXT, "operatingSystem", "operatingSystem"),
        Column("operating_system_version", Kind.TEXT, "operatingSystemVersion", "operatingSystemVersion"),
        Column("service_pack", Kind.TEXT, "operatingSystemServicePack", "operatingSystemServicePack"),
        Column("location", Kind.TEXT, "location", "location"),
        *filetime("laps_expires", "ms-Mcs-AdmPwdExpirationTime (legacy LAPS)", "ms-Mcs-AdmPwdExpirationTime"),
        *filetime("windows_laps_expires", "msLAPS-PasswordExpirationTime", "msLAPS-PasswordExpirationTime"),
    ),
)

MANAGED_SERVICE_ACCOUNTS = Table(
    "managed_service_accounts",
    "Standalone, group and delegated managed service accounts.",
    (
        *ACCOUNT_COLUMNS,
        Column("kind", Kind.TEXT, "smsa, gmsa or dmsa", "objectClass"),
        Column("dns_host_name", Kind.TEXT, "dNSHostName", "dNSHostName"),
        Column("password_interval_days", Kind.INT, "msDS-ManagedPasswordInterval", "msDS-ManagedPasswordInterval"),
        Column("reader_sd_id", Kind.ID, "who may read the password, role gmsa", "msDS-GroupMSAMembership"),
        Column("delegated_state", Kind.INT, "msDS-DelegatedMSAState", "msDS-DelegatedMSAState"),
    ),
)

GROUPS = Table(
    "groups",
    "Objects of class group.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("principal_id", Kind.ID, "row in principals"),
        Column("domain_id", Kind.ID, "row in domains"),
        Column("sid", Kind.SID, "objectSid", "objectSid", always=True),
        Column("rid", Kind.INT, "last sub-authority of objectSid", "objectSid", always=True),
        Column("dn", Kind.DN, "distinguished name"),
        Column("sam_account_name", Kind.TEXT, "sAMAccountName", "sAMAccountName", always=True),
        Column("group_type", Kind.FLAGS, "groupType as an unsigned 32-bit value", "groupType", always=True),
        Column("scope", Kind.TEXT, "domain_local, global, universal or builtin_local", "groupType", always=True),
        Column(
            "is_security", Kind.BOOL, "security-enabled (else distribution)", "groupType", always=True, bit=0x80000000
        ),
        Column("admin_count", Kind.INT, "adminCount; null when not set", "adminCount"),
        Column("mail", Kind.TEXT, "mail", "mail"),
    ),
)

MEMBERSHIPS = Table(
    "memberships",
    "Direct memberships, each pair once.",
    (
        Column("member_id", Kind.ID, "principal that is a member", "member"),
        Column("group_id", Kind.ID, "principal of the group", "member"),
        Column("origin", Kind.TEXT, "member, primary_group, or member_of when only the back link showed it"),
    ),
    per_value=True,
)

LINKS = Table(
    "links",
    "Every other DN-valued attribute, resolved; member too, where one of the two is no identity.",
    (
        Column("object_id", Kind.ID, "object that holds the attribute"),
        Column("attribute", Kind.TEXT, "LDAP display name"),
        Column("position", Kind.INT, "0-based, in the order of the values' text"),
        Column("target_dn", Kind.DN, "DN as read, without any binary prefix"),
        Column("target_id", Kind.ID, "object referred to; null when it was not seen"),
        Column("prefix", Kind.TEXT, "hexadecimal part of a DN-with-binary value, else null"),
    ),
    per_value=True,
)

SPNS = Table(
    "spns",
    "servicePrincipalName values, split.",
    (
        Column("object_id", Kind.ID, "account that bears it", "servicePrincipalName"),
        Column("principal_id", Kind.ID, "its principal"),
        Column("spn", Kind.TEXT, "as read", "servicePrincipalName"),
        Column("service_class", Kind.TEXT, "first part, lower case", "servicePrincipalName"),
        Column("host", Kind.TEXT, "host part, lower case, without port", "servicePrincipalName"),
        Column("port", Kind.TEXT, "port or instance after the colon", "servicePrincipalName"),
        Column("service_name", Kind.TEXT, "third part, lower case", "servicePrincipalName"),
    ),
    per_value=True,
)

DELEGATIONS = Table(
    "delegations",
    "Kerberos delegation, one row per account and target.",
    (
        Column("object_id", Kind.ID, "object that holds the setting"),
        Column(
            "kind",
            Kind.TEXT,
            "unconstrained (userAccountControl), constrained (msDS-AllowedToDelegateTo) "
            "or rbcd (msDS-AllowedToActOnBehalfOfOtherIdentity)",
        ),
        Column("principal_id", Kind.ID, "who may delegate: the account itself, or the trustee of an rbcd ACE"),
        Column("protocol_transition", Kind.BOOL, "constrained with TRUSTED_TO_AUTH_FOR_DELEGATION"),
        Column("spn", Kind.TEXT, "target SPN as read (constrained)", "msDS-AllowedToDelegateTo"),
        Column("service_class", Kind.TEXT, "first part of the SPN, lower case", "msDS-AllowedToDelegateTo"),
        Column("host", Kind.TEXT, "host part, lower case, without port", "msDS-AllowedToDelegateTo"),
        Column("target_id", Kind.ID, "object acted upon (rbcd); null for the others"),
    ),
    per_value=True,
)

SID_HISTORY = Table(
    "sid_history",
    "sIDHistory values.",
    (
        Column("object_id", Kind.ID, "object that holds it", "sIDHistory"),
        Column("principal_id", Kind.ID, "its principal"),
        Column("sid", Kind.SID, "the SID of the past", "sIDHistory"),
        Column("source_id", Kind.ID, "principal of that SID"),
    ),
    per_value=True,
)

KEY_CREDENTIALS = Table(
    "key_credentials",
    "msDS-KeyCredentialLink values.",
    (
        Column("object_id", Kind.ID, "object that holds it", "msDS-KeyCredentialLink"),
        Column("position", Kind.INT, "0-based, in the order of the values' text"),
        Column("usage", Kind.TEXT, "ngc, fido, fek or the number in hexadecimal"),
        Column("source", Kind.TEXT, "ad or azure_ad"),
        Column("device_id", Kind.GUID, "device, when given"),
        Column("created_at", Kind.TIME, "creation time, when given"),
        Column("key_bits", Kind.INT, "size of an RSA key"),
        Column("is_roca", Kind.BOOL, "the RSA modulus has the fingerprint of CVE-2017-15361"),
        Column("error", Kind.TEXT, "what could not be parsed; null when all could"),
    ),
    per_value=True,
)

LOGONS = Table(
    "logons",
    "What each domain controller alone knows of the logons of an account; filled on request. The columns of the same "
    "names in users and computers are those of the one controller that was read.",
    (
        Column("object_id", Kind.ID, "account"),
        Column("server", Kind.TEXT, "DNS name of the controller, lower case"),
        *filetime("last_logon", "last logon there", "lastLogon"),
        Column("logon_count", Kind.INT, "logons there", "logonCount"),
        Column("bad_password_count", Kind.INT, "wrong passwords in a row there", "badPwdCount"),
        *filetime("bad_password", "last wrong password there", "badPasswordTime"),
    ),
)

PASSWORD_POLICIES = Table(
    "password_policies",
    "The domain policy (on the head) and fine-grained ones (msDS-PasswordSettings).",
    (
        Column("object_id", Kind.ID, "domain head or password settings object"),
        Column("domain_id", Kind.ID, "row in domains"),
        Column("kind", Kind.TEXT, "domain or fine_grained"),
        Column("name", Kind.TEXT, "RDN value"),
        Column("precedence", Kind.INT, "msDS-PasswordSettingsPrecedence", "msDS-PasswordSettingsPrecedence"),
        Column("minimum_length", Kind.INT, "minimum password length", "minPwdLength"),
        Column("history_length", Kind.INT, "passwords remembered", "pwdHistoryLength"),
        Column("requires_complexity", Kind.BOOL, "complexity enforced", "pwdProperties"),
        Column("stores_reversibly", Kind.BOOL, "reversible encryption", "pwdProperties"),
        *interval("minimum_age", "minimum password age", "minPwdAge"),
        *interval("maximum_age", "maximum password age", "maxPwdAge"),
        Column("lockout_threshold", Kind.INT, "failed logons before lockout, 0 for never", "lockoutThreshold"),
        *interval("lockout_duration", "lockout duration", "lockoutDuration"),
        *interval("lockout_window", "lockout observation window", "lockOutObservationWindow"),
    ),
)

IDENTITY_TABLES = (
    FORESTS,
    DOMAINS,
    PARTITIONS,
    OBJECTS,
    PRINCIPALS,
    USERS,
    COMPUTERS,
    MANAGED_SERVICE_ACCOUNTS,
    GROUPS,
    MEMBERSHIPS,
    LINKS,
    SPNS,
    DELEGATIONS,
    SID_HISTORY,
    KEY_CREDENTIALS,
    LOGONS,
    PASSWORD_POLICIES,
)
