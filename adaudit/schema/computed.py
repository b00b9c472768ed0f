"""Tables that ``derive`` computes from the others."""

from __future__ import annotations

from adaudit.schema.model import Column, Kind, Table

NESTED_GROUPS = Table(
    "nested_groups",
    "Transitive nesting of groups; cycles are followed once, and a group is never its own ancestor. Where that makes "
    "more than 4,194,304 pairs, each group keeps its nearest ancestors, and coverage says that some are missing.",
    (
        Column("group_id", Kind.ID, "principal of the inner group"),
        Column("ancestor_id", Kind.ID, "principal of a group that contains it, at any depth"),
        Column("depth", Kind.INT, "shortest number of memberships between the two, at least 1"),
    ),
    computed_from=("memberships", "principals"),
)

PRIVILEGED_GROUPS = Table(
    "privileged_groups",
    "ANSSI's privileged groups, found by SID and RID.",
    (
        Column("principal_id", Kind.ID, "the group"),
        Column("object_id", Kind.ID, "its object; null when it was not seen"),
        Column("domain_id", Kind.ID, "its domain"),
        Column("sid", Kind.SID, "its SID"),
        Column("rid", Kind.INT, "544, 516, 518, 519, 512, 526, 527, 548, 549, 550 or 551"),
    ),
    computed_from=("principals", "domains", "groups"),
)

PRIVILEGED_ACCOUNTS = Table(
    "privileged_accounts",
    "Members of ANSSI's privileged groups at any depth, one row per account and group. "
    "Accounts of any type, foreign and unseen members included; groups excluded.",
    (
        Column("principal_id", Kind.ID, "the account"),
        Column("object_id", Kind.ID, "its object; null for foreign, dangling and unseen ones"),
        Column("domain_id", Kind.ID, "its domain; null when not known"),
        Column("group_id", Kind.ID, "principal of the privileged group"),
        Column("depth", Kind.INT, "1 for a direct member"),
        Column("via_id", Kind.ID, "principal of the group it is a direct member of, on a shortest path"),
    ),
    computed_from=("privileged_groups", "memberships", "principals"),
)

PRIVILEGED_PRINCIPALS = Table(
    "privileged_principals",
    "Identities whose rights over privileged objects ANSSI's permission controls accept, each with one reason. Those "
    "that stand for everybody (Authenticated Users, Domain Users …) are left out even when nested in such a group.",
    (
        Column("principal_id", Kind.ID, "the identity"),
        Column(
            "reason",
            Kind.TEXT,
            "privileged_group, privileged_member, system (S-1-5-18, S-1-5-9, S-1-3-0, RID 500 and 502) "
            "or protected_like_adminsdholder",
        ),
    ),
    computed_from=("privileged_groups", "memberships", "aces", "security_descriptors", "objects"),
)

TIER0 = Table(
    "tier0",
    "The crown of the directory with transitive members, and its closure: what holds its objects or applies to them, "
    "and the server objects of its controllers. One row per object or identity and reason.",
    (
        Column("principal_id", Kind.ID, "identity; null for an object without SID"),
        Column("object_id", Kind.ID, "object; null for an identity without object"),
        Column("layer", Kind.TEXT, "core, extended, site (declared by the site), member or closure"),
        Column(
            "reason", Kind.TEXT, "well-known SID or RID, class, group, container or words of the site that make it so"
        ),
    ),
    computed_from=(
        *("principals", "objects", "memberships", "groups", "computers", "certificate_authorities"),
        *("applied_gpos", "gpo_links", "directory_servers"),
    ),
)

DOMAIN_CONTROLLERS = Table(
    "domain_controllers",
    "Domain controller accounts, found by primary group, userAccountControl, server objects and place in the tree.",
    (
        Column("object_id", Kind.ID, "computer account"),
        Column("principal_id", Kind.ID, "its principal"),
        Column("domain_id", Kind.ID, "its domain"),
        Column("is_rodc", Kind.BOOL, "read-only"),
        Column(
            "is_pseudo",
            Kind.BOOL,
            "no server object: AzureADKerberos, or what no machine bears; false when sites were not read",
        ),
        Column("server_id", Kind.ID, "object of its server in CN=Sites; null when none refers to it"),
        Column("dns_host_name", Kind.TEXT, "dNSHostName of the account, lower case"),
    ),
    computed_from=("computers", "directory_servers", "objects"),
)

CONTROLLER_ADDRESSES = Table(
    "controller_addresses",
    "Addresses that the zones of the directory give to the names of domain controllers, with the subnet that holds "
    "each; loopback and link-local ones left out.",
    (
        Column("object_id", Kind.ID, "computer account"),
        Column("address", Kind.TEXT, "IPv4 or IPv6 address"),
        Column("subnet_id", Kind.ID, "object of the longest subnet that contains it; null when none does"),
        Column("site_id", Kind.ID, "object of the site of that subnet; null when it has none"),
    ),
    computed_from=("domain_controllers", "dns_zones", "dns_records", "subnets"),
)

DESCRIPTOR_RIGHTS = Table(
    "descriptor_rights",
    "Rights that each distinct descriptor gives on the object itself (inherit-only ACEs left out), once deny ACEs, "
    "OWNER RIGHTS and generic rights are taken into account. One row per trustee, right and object type; what an ACE "
    "for OWNER RIGHTS gives is told of the owner.",
    (
        Column("sd_id", Kind.ID, "row in security_descriptors"),
        Column("principal_id", Kind.ID, "trustee, before membership is expanded"),
        Column("trustee_sid", Kind.SID, "its SID"),
        Column(
            "right",
            Kind.TEXT,
            "owner, null_dacl, full_control (stands for all that follow), write_dacl, write_owner, write_property, "
            "self_write, create_child, delete_child, delete, delete_tree, control_access, read_property, list_contents "
            "or list_object",
        ),
        Column("object_type", Kind.GUID, "attribute, property set, class or right; null for all"),
        Column("position", Kind.INT, "ACE of the DACL that gives it; null for the owner and a NULL DACL"),
        Column("is_inherited", Kind.BOOL, "that ACE is inherited"),
        Column("is_conditional", Kind.BOOL, "that ACE bears a condition that was not evaluated"),
    ),
    computed_from=("security_descriptors", "aces", "principals", "memberships"),
)

CONTROL_RIGHTS = Table(
    "control_rights",
    "Rights of descriptor_rights that let the trustee take or abuse the object, with how directly: per distinct "
    "descriptor and class of object. Join to objects on sd_id and object_class. SELF is there on groups only; rights "
    "on AdminSDHolder count as on accounts and groups. The list is adaudit/derive/choices.py.",
    (
        Column("sd_id", Kind.ID, "row in security_descriptors"),
        Column("object_class", Kind.TEXT, "most specific class of the objects concerned"),
        Column("principal_id", Kind.ID, "trustee"),
        Column("trustee_sid", Kind.SID, "its SID"),
        Column("right", Kind.TEXT, "as in descriptor_rights"),
        Column("object_type", Kind.GUID, "as in descriptor_rights"),
        Column("target", Kind.TEXT, "name of the attribute, property set, class or right; null for all"),
        Column("level", Kind.INT, "1 when exploitable without major prerequisite, else 2"),
        Column("position", Kind.INT, "as in descriptor_rights"),
        Column("is_inherited", Kind.BOOL, "as in descriptor_rights"),
    ),
    computed_from=("descriptor_rights", "objects", "schema_attributes", "extended_rights"),
)

DELEGATION_TARGETS = Table(
    "delegation_targets",
    "Constrained delegations with the accounts that the target SPN reaches, by SPN or by host name.",
    (
        Column("object_id", Kind.ID, "account that may delegate"),
        Column("principal_id", Kind.ID, "its principal"),
        Column("spn", Kind.TEXT, "target SPN as read"),
        Column("protocol_transition", Kind.BOOL, "TRUSTED_TO_AUTH_FOR_DELEGATION"),
        Column("target_id", Kind.ID, "object of the account reached; null when none was seen"),
        Column("match", Kind.TEXT, "spn, host or krbtgt; null when nothing matched"),
    ),
    computed_from=("delegations", "spns", "computers", "domain_controllers"),
)

APPLIED_GPOS = Table(
    "applied_gpos",
    "Which GPOs reach which OU or domain head, with blocked inheritance, enforcement and disabled links; sites apart. "
    "Where that makes more than 4,194,304 rows, each container keeps the GPOs of the highest precedence, and coverage "
    "says that some are missing.",
    (
        Column("container_id", Kind.ID, "OU, domain head or other container directly below which objects are"),
        Column("gpo_id", Kind.ID, "object of the GPO; null when it was not seen"),
        Column("link_id", Kind.ID, "container that bears the link"),
        Column("rank", Kind.INT, "1-based order of precedence, 1 wins"),
        Column("is_enforced", Kind.BOOL, "the link is enforced"),
    ),
    computed_from=("gpo_links", "gpos", "organizational_units", "objects"),
)

POLICY_SCOPES = Table(
    "policy_scopes",
    "Containers to which the same GPOs apply in the same order make one scope: resultant_settings tells it once.",
    (
        Column("container_id", Kind.ID, "as in applied_gpos, those without any GPO included"),
        Column("scope_id", Kind.ID, "first container, in the order of objects, to which the same GPOs apply"),
        Column(
            "loopback",
            Kind.TEXT,
            "merge or replace: who logs on to computers here also, or only, gets the user settings of here; else null",
        ),
    ),
    computed_from=("applied_gpos", "gpo_settings", "gpos"),
)

RESULTANT_SETTINGS = Table(
    "resultant_settings",
    "Settings of GPOs that are in force in a scope; join to containers through policy_scopes. A registry value, a line "
    "of a security template, an audit subcategory and a redirected folder are those of the GPO that wins, links and "
    "sides that are disabled left out; preferences, scheduled tasks, scripts and software of all GPOs apply. A "
    "**del.Name in force means that there is no such value. For accounts of a domain, System Access and Kerberos "
    "Policy count in the scope of the domain head alone: elsewhere they rule the local accounts of computers. A "
    "registry value set in a security template and in a Registry.pol is told of both: what ran last wrote it. "
    "Security filtering, WMI filters, sites and item-level targeting are not resolved; nor is what clients skip: a GPO "
    "of version 0, or files of an extension that its object does not name.",
    (
        Column("scope_id", Kind.ID, "scope in policy_scopes"),
        Column("side", Kind.TEXT, "computer or user"),
        Column("kind", Kind.TEXT, "as in gpo_settings, but for policy_version and script_secret"),
        Column("section", Kind.TEXT, "as in gpo_settings"),
        Column("name", Kind.TEXT, "as in gpo_settings"),
        Column("value", Kind.TEXT, "as in gpo_settings, secrets masked"),
        Column("value_type", Kind.TEXT, "as in gpo_settings"),
        Column("is_secret", Kind.BOOL, "as in gpo_settings"),
        Column("gpo_id", Kind.ID, "object of the GPO that wins, or adds the item"),
        Column("rank", Kind.INT, "its precedence in applied_gpos, 1 wins"),
        Column("is_enforced", Kind.BOOL, "its link is enforced"),
        Column("has_wmi_filter", Kind.BOOL, "it applies only where a WMI filter says so"),
        Column("overridden", Kind.INT, "GPOs of lower precedence here that set the same, in vain"),
        Column("file", Kind.TEXT, "as in gpo_settings"),
        Column("position", Kind.INT, "as in gpo_settings: order of the settings of a file"),
    ),
    computed_from=("policy_scopes", "applied_gpos", "gpo_settings", "gpos"),
)

DEFAULT_ACES = Table(
    "default_aces",
    "ACEs of the default descriptor of each class of the schema, which new objects get.",
    (
        Column("class_id", Kind.ID, "object of the class"),
        Column("class_name", Kind.TEXT, "its lDAPDisplayName"),
        Column("position", Kind.INT, "0-based position in the DACL; null when the text could not be read"),
        Column("is_allow", Kind.BOOL, "as in aces"),
        Column("flags", Kind.FLAGS, "ACE flags"),
        Column("mask", Kind.FLAGS, "access mask, unsigned"),
        Column("object_type", Kind.GUID, "attribute, property set, class or right; null for all"),
        Column("trustee", Kind.TEXT, "SID, or RID and a number for a group of whichever domain the object is made in"),
        Column("is_explicit", Kind.BOOL, "the text names somebody of one domain by SID"),
        Column("error", Kind.TEXT, "what could not be read; null when all could"),
    ),
    computed_from=("schema_classes",),
)

COMPUTER_CREATORS = Table(
    "computer_creators",
    "Accounts that joined a computer by means of the machine account quota.",
    (
        Column("object_id", Kind.ID, "the computer"),
        Column("sid", Kind.SID, "mS-DS-CreatorSID"),
        Column("principal_id", Kind.ID, "principal of that SID; null when none was seen"),
    ),
    computed_from=("attributes", "principals"),
)

COMPUTED_TABLES = (
    NESTED_GROUPS,
    PRIVILEGED_GROUPS,
    PRIVILEGED_ACCOUNTS,
    PRIVILEGED_PRINCIPALS,
    TIER0,
    DOMAIN_CONTROLLERS,
    CONTROLLER_ADDRESSES,
    DESCRIPTOR_RIGHTS,
    CONTROL_RIGHTS,
    DELEGATION_TARGETS,
    APPLIED_GPOS,
    POLICY_SCOPES,
    RESULTANT_SETTINGS,
    DEFAULT_ACES,
    COMPUTER_CREATORS,
)
