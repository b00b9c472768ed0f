"""Tables of what the directory serves: policy, trust, PKI, DNS, topology, schema, files."""

from __future__ import annotations

from adaudit.schema.model import Column, Kind, Table

ORGANIZATIONAL_UNITS = Table(
    "organizational_units",
    "Objects that GPOs can be linked to: OUs, domain heads and sites.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("domain_id", Kind.ID, "row in domains"),
        Column("kind", Kind.TEXT, "ou, domain or site"),
        Column("blocks_inheritance", Kind.BOOL, "gPOptions bit 1", "gPOptions"),
        Column("gp_link", Kind.TEXT, "gPLink as read", "gPLink"),
    ),
)

GPOS = Table(
    "gpos",
    "groupPolicyContainer objects.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("domain_id", Kind.ID, "row in domains"),
        Column("name", Kind.TEXT, "{GUID} of the policy"),
        Column("display_name", Kind.TEXT, "displayName", "displayName"),
        Column("file_system_path", Kind.TEXT, "gPCFileSysPath", "gPCFileSysPath"),
        Column("user_enabled", Kind.BOOL, "user side not disabled", "flags"),
        Column("computer_enabled", Kind.BOOL, "computer side not disabled", "flags"),
        Column("version_number", Kind.INT, "versionNumber", "versionNumber"),
        Column("machine_extensions", Kind.TEXT, "gPCMachineExtensionNames", "gPCMachineExtensionNames"),
        Column("user_extensions", Kind.TEXT, "gPCUserExtensionNames", "gPCUserExtensionNames"),
        Column("wmi_filter", Kind.TEXT, "gPCWQLFilter", "gPCWQLFilter"),
    ),
)

GPO_LINKS = Table(
    "gpo_links",
    "gPLink, split; the link with the highest precedence has the lowest order.",
    (
        Column("container_id", Kind.ID, "OU, domain head or site", "gPLink"),
        Column("order", Kind.INT, "1-based, 1 wins (the last in gPLink)", "gPLink"),
        Column("gpo_id", Kind.ID, "object of the GPO; null when it was not seen", "gPLink"),
        Column("gpo_dn", Kind.DN, "as read", "gPLink"),
        Column("is_enabled", Kind.BOOL, "option bit 1 not set", "gPLink"),
        Column("is_enforced", Kind.BOOL, "option bit 2 set", "gPLink"),
    ),
    per_value=True,
)

GPO_SETTINGS = Table(
    "gpo_settings",
    "Settings read in files of SYSVOL; a secret is known to be there, its value is not kept.",
    (
        Column("domain_id", Kind.ID, "row in domains"),
        Column("gpo_id", Kind.ID, "object of the GPO; null for a folder without object and outside of policies"),
        Column("policy", Kind.TEXT, "name of the policy folder, {GUID} as a rule; empty outside of policies"),
        Column("side", Kind.TEXT, "computer, user or both, by the folder the file is in"),
        Column("file", Kind.TEXT, "path below the policy folder, outside of policies below the domain's; backslashes"),
        Column(
            "kind",
            Kind.TEXT,
            "security_template, registry, preference, scheduled_task, audit, script, redirection, software, "
            "policy_version or script_secret",
        ),
        Column("section", Kind.TEXT, "registry key, [section], element or line"),
        Column("name", Kind.TEXT, "setting"),
        Column("value", Kind.TEXT, "value as text; ****** where a secret stood"),
        Column("value_type", Kind.TEXT, "REG_DWORD, REG_SZ …; empty when the file tells none"),
        Column(
            "is_secret", Kind.BOOL, "the file holds a secret here; scripts that were not read are a gap of this column"
        ),
        Column("position", Kind.INT, "0-based, in the order of the file"),
    ),
)

SYSVOL_FILES = Table(
    "sysvol_files",
    "Files and folders of SYSVOL, the folder of each domain included.",
    (
        Column("domain_id", Kind.ID, "row in domains"),
        Column("path", Kind.TEXT, "path below SYSVOL, backslashes"),
        Column("gpo_id", Kind.ID, "object of the GPO whose folder it is in; null when none was seen"),
        Column("policy", Kind.TEXT, "name of the policy folder, {GUID} as a rule; empty outside of policies"),
        Column("is_folder", Kind.BOOL, "folder, not file"),
        Column("size", Kind.INT, "bytes, as the folder lists it; null for a folder"),
        Column("modified_at", Kind.TIME, "last write, as the folder above lists it; null for the folder of a domain"),
        Column("sha256", Kind.TEXT, "hash of the content, hexadecimal; null for a folder or when not read"),
        Column("sd_id", Kind.ID, "its descriptor (owner, group and DACL), role file; null when not read"),
        Column("error", Kind.TEXT, "what was not read, and why; null when all was"),
    ),
)

TRUSTS = Table(
    "trusts",
    "trustedDomain objects.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("domain_id", Kind.ID, "domain that holds the trust"),
        Column("partner_dns", Kind.TEXT, "trustPartner", "trustPartner", always=True),
        Column("partner_netbios", Kind.TEXT, "flatName", "flatName"),
        Column("partner_sid", Kind.SID, "securityIdentifier", "securityIdentifier"),
        Column("direction", Kind.INT, "trustDirection: 1 inbound, 2 outbound, 3 both", "trustDirection", always=True),
        Column("is_outbound", Kind.BOOL, "this domain trusts the partner", "trustDirection", always=True, bit=0x2),
        Column("is_inbound", Kind.BOOL, "the partner trusts this domain", "trustDirection", always=True, bit=0x1),
        Column("trust_type", Kind.INT, "trustType: 1 NT4, 2 AD, 3 MIT, 4 DCE, 5 Entra", "trustType", always=True),
        Column("trust_attributes", Kind.FLAGS, "trustAttributes", "trustAttributes", always=True),
        Column("is_non_transitive", Kind.BOOL, "NON_TRANSITIVE", "trustAttributes", always=True, bit=0x1),
        Column("is_quarantined", Kind.BOOL, "QUARANTINED_DOMAIN (SID filtering)", "trustAttributes", True, 0x4),
        Column("is_forest_transitive", Kind.BOOL, "FOREST_TRANSITIVE", "trustAttributes", always=True, bit=0x8),
        Column("is_cross_organization", Kind.BOOL, "CROSS_ORGANIZATION (selective)", "trustAttributes", True, 0x10),
        Column("is_within_forest", Kind.BOOL, "WITHIN_FOREST", "trustAttributes", always=True, bit=0x20),
        Column("is_treated_as_external", Kind.BOOL, "TREAT_AS_EXTERNAL (SID history)", "trustAttributes", True, 0x40),
        Column("uses_rc4", Kind.BOOL, "USES_RC4_ENCRYPTION", "trustAttributes", always=True, bit=0x80),
        Column("forbids_tgt_delegation", Kind.BOOL, "NO_TGT_DELEGATION", "trustAttributes", True, 0x200),
        Column("is_pim", Kind.BOOL, "PIM_TRUST", "trustAttributes", always=True, bit=0x400),
        Column("allows_tgt_delegation", Kind.BOOL, "ENABLE_TGT_DELEGATION", "trustAttributes", True, 0x800),
        Column(
            "supported_encryption_types",
            Kind.FLAGS,
            "msDS-SupportedEncryptionTypes",
            "msDS-SupportedEncryptionTypes",
        ),
    ),
)

TRUST_NAMES = Table(
    "trust_names",
    "msDS-TrustForestTrustInfo, split.",
    (
        Column("object_id", Kind.ID, "trustedDomain object", "msDS-TrustForestTrustInfo"),
        Column("position", Kind.INT, "0-based"),
        Column("kind", Kind.TEXT, "top_level_name, exclusion, domain or the number"),
        Column("name", Kind.TEXT, "suffix or DNS name"),
        Column("netbios_name", Kind.TEXT, "of a domain record"),
        Column("sid", Kind.SID, "of a domain record"),
        Column("flags", Kind.FLAGS, "record flags"),
        Column("error", Kind.TEXT, "what could not be parsed; null when all could"),
    ),
    per_value=True,
)

CERTIFICATE_TEMPLATES = Table(
    "certificate_templates",
    "pKICertificateTemplate objects.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("name", Kind.TEXT, "cn, by which authorities publish it"),
        Column("display_name", Kind.TEXT, "displayName", "displayName"),
        Column("oid", Kind.TEXT, "msPKI-Cert-Template-OID", "msPKI-Cert-Template-OID"),
        Column("schema_version", Kind.INT, "1 when not set", "msPKI-Template-Schema-Version"),
        Column("flags", Kind.FLAGS, "flags", "flags"),
        Column("name_flag", Kind.FLAGS, "msPKI-Certificate-Name-Flag, unsigned", "msPKI-Certificate-Name-Flag"),
        Column("enrollment_flag", Kind.FLAGS, "msPKI-Enrollment-Flag, unsigned", "msPKI-Enrollment-Flag"),
        Column("private_key_flag", Kind.FLAGS, "msPKI-Private-Key-Flag, unsigned", "msPKI-Private-Key-Flag"),
        Column("ra_signature", Kind.INT, "signatures required", "msPKI-RA-Signature"),
        Column("ekus", Kind.TEXTS, "pKIExtendedKeyUsage, sorted", "pKIExtendedKeyUsage"),
        Column(
            "application_policies",
            Kind.TEXTS,
            "msPKI-Certificate-Application-Policy, sorted",
            "msPKI-Certificate-Application-Policy",
        ),
        Column("certificate_policies", Kind.TEXTS, "msPKI-Certificate-Policy, sorted", "msPKI-Certificate-Policy"),
        Column("ra_application_policies", Kind.TEXTS, "msPKI-RA-Application-Policies", "msPKI-RA-Application-Policies"),
        Column("validity_days", Kind.REAL, "pKIExpirationPeriod, in days", "pKIExpirationPeriod"),
        Column("minimal_key_bits", Kind.INT, "msPKI-Minimal-Key-Size", "msPKI-Minimal-Key-Size"),
    ),
)

CERTIFICATE_AUTHORITIES = Table(
    "certificate_authorities",
    "pKIEnrollmentService objects: authorities that issue.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("name", Kind.TEXT, "cn"),
        Column("dns_host_name", Kind.TEXT, "dNSHostName, lower case", "dNSHostName"),
        Column("enrollment_servers", Kind.TEXTS, "msPKI-Enrollment-Servers", "msPKI-Enrollment-Servers"),
    ),
)

PUBLISHED_TEMPLATES = Table(
    "published_templates",
    "Templates that an authority issues.",
    (
        Column("ca_id", Kind.ID, "object of the authority", "certificateTemplates"),
        Column("template_name", Kind.TEXT, "cn as listed", "certificateTemplates"),
        Column("template_id", Kind.ID, "object of the template; null when it was not seen"),
    ),
    per_value=True,
)

CERTIFICATES = Table(
    "certificates",
    "X.509 certificates stored in the directory.",
    (
        Column("object_id", Kind.ID, "object that holds it"),
        Column("attribute", Kind.TEXT, "cACertificate, userCertificate or crossCertificatePair"),
        Column("position", Kind.INT, "0-based, in the order of the values' bytes"),
        Column("store", Kind.TEXT, "ntauth, root, aia, enrollment, account or other"),
        Column("sha1", Kind.TEXT, "thumbprint, lower case hexadecimal"),
        Column("sha256", Kind.TEXT, "hash of the DER bytes"),
        Column("subject", Kind.TEXT, "RFC 4514 subject"),
        Column("issuer", Kind.TEXT, "RFC 4514 issuer"),
        Column("serial", Kind.TEXT, "serial number, hexadecimal"),
        Column("not_before_at", Kind.TIME, "valid from"),
        Column("not_after_at", Kind.TIME, "valid to"),
        Column("signature_oid", Kind.TEXT, "OID of the signature algorithm as read"),
        Column("signature_hash", Kind.TEXT, "md2, md4, md5, sha1, sha256 …; null when unknown or none"),
        Column("key_oid", Kind.TEXT, "OID of the key algorithm as read"),
        Column("key_type", Kind.TEXT, "rsa, dsa, ec, ed25519, ed448 or null"),
        Column("key_bits", Kind.INT, "size of the key"),
        Column("rsa_exponent", Kind.TEXT, "public exponent in decimal"),
        Column("is_roca", Kind.BOOL, "the RSA modulus has the fingerprint of CVE-2017-15361"),
        Column("error", Kind.TEXT, "what could not be parsed; null when all could"),
    ),
    per_value=True,
)

DNS_ZONES = Table(
    "dns_zones",
    "dnsZone objects.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("domain_id", Kind.ID, "row in domains"),
        Column("partition_id", Kind.ID, "naming context that holds it"),
        Column("name", Kind.TEXT, "zone, lower case"),
        Column("zone_type", Kind.INT, "DSPROPERTY_ZONE_TYPE", "dNSProperty"),
        Column("allow_update", Kind.INT, "0 none, 1 unsecure, 2 secure; null when not given", "dNSProperty"),
        Column("aging_enabled", Kind.BOOL, "aging state", "dNSProperty"),
    ),
)

DNS_RECORDS = Table(
    "dns_records",
    "dnsRecord values of dnsNode objects.",
    (
        Column("object_id", Kind.ID, "dnsNode"),
        Column("zone_id", Kind.ID, "object of the zone"),
        Column("name", Kind.TEXT, "node name, lower case"),
        Column("position", Kind.INT, "0-based, in the order of the values' bytes"),
        Column("type", Kind.TEXT, "A, AAAA, CNAME, SRV … or the number"),
        Column("ttl", Kind.INT, "seconds"),
        Column("data", Kind.TEXT, "record data in presentation form"),
        Column("is_static", Kind.BOOL, "no aging timestamp"),
        Column("error", Kind.TEXT, "what could not be parsed; null when all could"),
    ),
    per_value=True,
)

SITES = Table(
    "sites",
    "Sites.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("name", Kind.TEXT, "RDN value"),
    ),
)

SUBNETS = Table(
    "subnets",
    "Subnets.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("prefix", Kind.TEXT, "address/length"),
        Column("site_id", Kind.ID, "object of its site; null when none", "siteObject"),
    ),
)

DIRECTORY_SERVERS = Table(
    "directory_servers",
    "server objects under CN=Sites, with their NTDS Settings.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("site_id", Kind.ID, "object of the site it is in"),
        Column("name", Kind.TEXT, "RDN value"),
        Column("dns_host_name", Kind.TEXT, "dNSHostName, lower case", "dNSHostName"),
        Column("computer_id", Kind.ID, "account it refers to", "serverReference"),
        Column("settings_class", Kind.TEXT, "nTDSDSA, nTDSDSARO or null when it has no NTDS Settings"),
        Column("functional_level", Kind.INT, "msDS-Behavior-Version of its NTDS Settings"),
        Column("options", Kind.FLAGS, "options of its NTDS Settings: 1 is a global catalogue"),
    ),
)

SCHEMA_CLASSES = Table(
    "schema_classes",
    "classSchema objects.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("name", Kind.TEXT, "lDAPDisplayName", "lDAPDisplayName"),
        Column("guid", Kind.GUID, "schemaIDGUID", "schemaIDGUID"),
        Column("oid", Kind.TEXT, "governsID", "governsID"),
        Column("parent_class", Kind.TEXT, "subClassOf", "subClassOf"),
        Column("default_sddl", Kind.TEXT, "defaultSecurityDescriptor", "defaultSecurityDescriptor"),
        Column("is_defunct", Kind.BOOL, "isDefunct", "isDefunct"),
    ),
)

SCHEMA_ATTRIBUTES = Table(
    "schema_attributes",
    "attributeSchema objects.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("name", Kind.TEXT, "lDAPDisplayName", "lDAPDisplayName"),
        Column("guid", Kind.GUID, "schemaIDGUID", "schemaIDGUID"),
        Column("property_set", Kind.GUID, "attributeSecurityGUID", "attributeSecurityGUID"),
        Column("oid", Kind.TEXT, "attributeID", "attributeID"),
        Column("syntax_oid", Kind.TEXT, "attributeSyntax", "attributeSyntax"),
        Column("is_single_valued", Kind.BOOL, "isSingleValued", "isSingleValued"),
        Column("search_flags", Kind.FLAGS, "searchFlags", "searchFlags"),
        Column("is_confidential", Kind.BOOL, "searchFlags 0x80", "searchFlags", bit=0x80),
        Column("link_id", Kind.INT, "linkID", "linkID"),
        Column("schema_flags", Kind.FLAGS, "systemFlags of the attribute", "systemFlags"),
        Column("is_defunct", Kind.BOOL, "isDefunct", "isDefunct"),
    ),
)

EXTENDED_RIGHTS = Table(
    "extended_rights",
    "controlAccessRight objects: extended rights, validated writes and property sets.",
    (
        Column("object_id", Kind.ID, "row in objects"),
        Column("name", Kind.TEXT, "cn"),
        Column("guid", Kind.GUID, "rightsGuid", "rightsGuid"),
        Column(
            "valid_accesses", Kind.FLAGS, "validAccesses: 0x100 right, 0x30 property set, 0x8 write", "validAccesses"
        ),
    ),
)

DISPLAY_SPECIFIER_MENUS = Table(
    "display_specifier_menus",
    "Context menus and property pages of displaySpecifier objects.",
    (
        Column("object_id", Kind.ID, "displaySpecifier"),
        Column("attribute", Kind.TEXT, "adminContextMenu, contextMenu, shellContextMenu or adminPropertyPages …"),
        Column("position", Kind.INT, "0-based, in the order of the values' text"),
        Column("value", Kind.TEXT, "as read", "adminContextMenu"),
        Column("command", Kind.TEXT, "third comma-separated field: the program; null for a CLSID", "adminContextMenu"),
    ),
    per_value=True,
)

PROBES = Table(
    "probes",
    "Answers of servers to network probes.",
    (
        Column("server", Kind.TEXT, "host asked"),
        Column("probe", Kind.TEXT, "what was asked"),
        Column("name", Kind.TEXT, "fact"),
        Column("value", Kind.TEXT, "answer"),
        Column("asked_at", Kind.TIME, "when"),
        Column("asked_by", Kind.TEXT, "account in whose name it was asked; null for nobody's"),
    ),
)

SERVICE_TABLES = (
    ORGANIZATIONAL_UNITS,
    GPOS,
    GPO_LINKS,
    GPO_SETTINGS,
    SYSVOL_FILES,
    TRUSTS,
    TRUST_NAMES,
    CERTIFICATE_TEMPLATES,
    CERTIFICATE_AUTHORITIES,
    PUBLISHED_TEMPLATES,
    CERTIFICATES,
    DNS_ZONES,
    DNS_RECORDS,
    SITES,
    SUBNETS,
    DIRECTORY_SERVERS,
    SCHEMA_CLASSES,
    SCHEMA_ATTRIBUTES,
    EXTENDED_RIGHTS,
    DISPLAY_SPECIFIER_MENUS,
    PROBES,
)
