"""A domain where nobody reaches tier 0, and for each kind of change the weakness that it mends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Tables = dict[str, list[dict[str, Any]]]
DOMAIN, OUTSIDE = "S-1-5-21-1-2-3", "S-1-5-21-7-8-9"
BASE = "DC=chu,DC=example"
HEAD, UNIT, ADMINS, USERS, COMPUTERS, ALICE, BOB, PC, DC1, SERVICE, POLICY, TEMPLATE, AUTHORITY = range(13)
TRUST, ISSUANCE, HOLDER, INNER, SYSTEM, RODC = range(13, 19)
WRITE_DACL, CONTROL_ACCESS, READ_PROPERTY, FULL_CONTROL = 0x40000, 0x100, 0x10, 0xF01FF
CONTAINER_INHERIT, INHERITED = 0x2, 0x10
AUTHENTICATED = 90
CLASSES = {
    "domainDNS": ["top", "domain", "domainDNS"],
    "organizationalUnit": ["top", "organizationalUnit"],
    "container": ["top", "container"],
    "group": ["top", "group"],
    "user": ["top", "person", "organizationalPerson", "user"],
    "computer": ["top", "person", "organizationalPerson", "user", "computer"],
    "groupPolicyContainer": ["top", "container", "groupPolicyContainer"],
}
OBJECTS = {
    HEAD: (BASE, "domainDNS", None),
    UNIT: (f"OU=Direction,{BASE}", "organizationalUnit", HEAD),
    INNER: (f"OU=Administrateurs,OU=Direction,{BASE}", "organizationalUnit", UNIT),
    ADMINS: (f"CN=Admins du domaine,OU=Administrateurs,OU=Direction,{BASE}", "group", INNER),
    USERS: (f"CN=Utilisateurs du domaine,CN=Users,{BASE}", "group", None),
    COMPUTERS: (f"CN=Ordinateurs du domaine,CN=Users,{BASE}", "group", None),
    ALICE: (f"CN=Alice,CN=Users,{BASE}", "user", None),
    BOB: (f"CN=Bob,CN=Users,{BASE}", "user", None),
    PC: (f"CN=PC,CN=Computers,{BASE}", "computer", None),
    DC1: (f"CN=DC1,OU=Domain Controllers,{BASE}", "computer", None),
    SERVICE: (f"CN=svc,CN=Managed Service Accounts,{BASE}", "msDS-GroupManagedServiceAccount", None),
    POLICY: (f"CN={{6AC1786C-016F-11D2-945F-00C04FB984F9}},CN=Policies,{BASE}", "groupPolicyContainer", None),
    TEMPLATE: (f"CN=Web,CN=Certificate Templates,CN=Configuration,{BASE}", "pKICertificateTemplate", None),
    AUTHORITY: (f"CN=CA,CN=Enrollment Services,CN=Configuration,{BASE}", "pKIEnrollmentService", None),
    TRUST: (f"CN=ailleurs.example,CN=System,{BASE}", "trustedDomain", None),
    ISSUANCE: (f"CN=1.2,CN=OID,CN=Configuration,{BASE}", "msPKI-Enterprise-Oid", None),
    HOLDER: (f"CN=AdminSDHolder,CN=System,{BASE}", "container", SYSTEM),
    SYSTEM: (f"CN=System,{BASE}", "container", HEAD),
    RODC: (f"CN=RODC,OU=Domain Controllers,{BASE}", "computer", None),
}
RIDS = {
    ADMINS: (512, "group"),
    USERS: (513, "group"),
    COMPUTERS: (515, "group"),
    ALICE: (1104, "user"),
    BOB: (1105, "user"),
    PC: (1106, "computer"),
    DC1: (1000, "computer"),
    SERVICE: (1107, "managed_service_account"),
    RODC: (1108, "computer"),
}


def forest() -> Tables:
    """Nobody reaches tier 0: each object has a descriptor of its own number, owned by Domain Admins, without ACE."""
    return {
        "domains": [
            {
                "domain_id": 0,
                "dn": BASE,
                "dns_name": "chu.example",
                "netbios_name": "CHU",
                "sid": DOMAIN,
                "is_root": True,
                "is_collected": True,
                "object_id": HEAD,
            }
        ],
        "objects": [
            {
                "object_id": number,
                "domain_id": 0,
                "partition_id": 0,
                "dn": dn,
                "name": dn.split(",")[0].partition("=")[2],
                "object_class": kind,
                "object_classes": CLASSES.get(kind, ["top", kind]),
                "parent_id": parent,
                "sd_id": number,
            }
            for number, (dn, kind, parent) in sorted(OBJECTS.items())
        ],
        "principals": [
            *(
                {
                    "principal_id": number,
                    "object_id": number,
                    "sid": f"{DOMAIN}-{rid}",
                    "rid": rid,
                    "domain_id": 0,
                    "type": kind,
                    "name": OBJECTS[number][0].split(",")[0][3:],
                }
                for number, (rid, kind) in RIDS.items()
            ),
            {"principal_id": AUTHENTICATED, "sid": "S-1-5-11", "rid": 11, "type": "well_known"},
        ],
        "groups": [account(ADMINS), account(USERS), account(COMPUTERS)],
        "users": [account(ALICE, primary_group_rid=513), account(BOB, primary_group_rid=513)],
        "computers": [
            account(PC, primary_group_rid=515, dns_host_name="pc.chu.example"),
            account(
                DC1,
                primary_group_rid=516,
                is_server_account=True,
                dns_host_name="dc1.chu.example",
                sam_account_name="DC1$",
            ),
        ],
        "managed_service_accounts": [account(SERVICE, kind="group")],
        "memberships": [],
        "security_descriptors": [descriptor(number) for number in sorted(OBJECTS)],
        "aces": [],
    }


def account(number: int, **more: Any) -> dict[str, Any]:
    return {
        "object_id": number,
        "principal_id": number,
        "domain_id": 0,
        "rid": RIDS[number][0],
        "is_enabled": True,
    } | more


def descriptor(sd: int, role: str = "object", owner: int | None = ADMINS) -> dict[str, Any]:
    owned = {} if owner is None else {"owner_id": owner, "owner_sid": f"{DOMAIN}-{RIDS[owner][0]}"}
    return {"sd_id": sd, "role": role, "domain_id": 0, "dacl_state": "present", "is_dacl_protected": False} | owned


def ace(sd: int, trustee: int, mask: int, position: int = 0, flags: int = 0) -> dict[str, Any]:
    return {
        "sd_id": sd,
        "position": position,
        "type": 0,
        "is_allow": True,
        "flags": flags,
        "is_inherited": bool(flags & INHERITED),
        "is_inherit_only": False,
        "mask": mask,
        "trustee_id": trustee,
        "trustee_sid": f"{DOMAIN}-{RIDS[trustee][0]}" if trustee in RIDS else "S-1-5-11",
    }


def remove_ace(given: Tables) -> None:
    given["aces"].append(ace(ADMINS, ALICE, WRITE_DACL))


def set_owner(given: Tables) -> None:
    given["security_descriptors"][ADMINS] = descriptor(ADMINS, owner=ALICE)


def remove_member(given: Tables) -> None:
    helpers = {"principal_id": 40, "sid": f"{DOMAIN}-1200", "rid": 1200, "type": "group", "domain_id": 0}
    given["objects"].append(
        {"object_id": 40, "domain_id": 0, "dn": f"CN=Aides,{BASE}", "object_class": "group", "sd_id": None}
    )
    given["principals"].append(helpers | {"object_id": 40})
    given["groups"].append({"object_id": 40, "principal_id": 40, "domain_id": 0})
    given["memberships"].append({"member_id": ALICE, "group_id": 40, "origin": "member"})
    given["aces"].append(ace(ADMINS, 40, WRITE_DACL) | {"trustee_sid": f"{DOMAIN}-1200"})


def change_primary_group(given: Tables) -> None:
    remove_member(given)
    given["memberships"][0]["origin"] = "primary_group"
    given["users"][0]["primary_group_rid"] = 1200


def remove_delegation_target(given: Tables) -> None:
    spns = [{"spn": f"cifs/{host}", "service_class": "cifs", "host": host} for host in ("dc1", "dc1.chu.example")]
    given["spns"] = [{"object_id": DC1, "principal_id": DC1, **spn} for spn in spns]
    account = {"object_id": PC, "kind": "constrained", "principal_id": PC, "protocol_transition": True}
    given["delegations"] = [account | spn for spn in spns]


def remove_unconstrained_delegation(given: Tables) -> None:
    given["delegations"] = [{"object_id": PC, "kind": "unconstrained", "principal_id": PC}]


def remove_rbcd_trustee(given: Tables) -> None:
    given["computers"][1]["rbcd_sd_id"] = 50
    given["security_descriptors"].append(descriptor(50, "rbcd", None))
    given["aces"] += [ace(50, ALICE, FULL_CONTROL), ace(50, BOB, FULL_CONTROL, 1)]


def remove_sid_history(given: Tables) -> None:
    sid = f"{DOMAIN}-512"
    given["sid_history"] = [{"object_id": ALICE, "principal_id": ALICE, "sid": sid, "source_id": ADMINS}]


def remove_password_reader(given: Tables) -> None:
    given["managed_service_accounts"][0]["reader_sd_id"] = 50
    given["security_descriptors"].append(descriptor(50, "gmsa", None))
    given["aces"] += [ace(50, ALICE, FULL_CONTROL), ace(ADMINS, SERVICE, WRITE_DACL)]


def remove_host_service_account(given: Tables) -> None:
    given["links"] = [{"object_id": PC, "attribute": "msDS-HostServiceAccount", "target_id": SERVICE}]
    given["aces"].append(ace(ADMINS, SERVICE, WRITE_DACL))


def _with_policy(given: Tables) -> None:
    given["memberships"].append({"member_id": BOB, "group_id": ADMINS, "origin": "member"})
    given["objects"][BOB]["parent_id"] = UNIT
    given["objects"][DC1]["parent_id"] = UNIT
    given["organizational_units"] = [
        {"object_id": HEAD, "domain_id": 0, "kind": "domain"},
        {"object_id": UNIT, "domain_id": 0, "kind": "ou"},
    ]
    name = OBJECTS[POLICY][0].split(",")[0][3:]
    given["gpos"] = [
        {"object_id": POLICY, "domain_id": 0, "name": name, "user_enabled": True, "computer_enabled": True}
    ]
    given["gpo_links"] = [
        {"container_id": UNIT, "gpo_id": POLICY, "gpo_dn": OBJECTS[POLICY][0], "order": 1, "is_enabled": True}
    ]


def remove_gpo_link(given: Tables) -> None:
    _with_policy(given)
    given["aces"].append(ace(POLICY, ALICE, FULL_CONTROL))


def remove_policy_setting(given: Tables) -> None:
    _with_policy(given)
    given["gpo_settings"] = [
        {
            "domain_id": 0,
            "gpo_id": POLICY,
            "policy": given["gpos"][0]["name"],
            "side": "computer",
            "file": "MACHINE\\Microsoft\\Windows NT\\SecEdit\\GptTmpl.inf",
            "kind": "security_template",
            "section": "Privilege Rights",
            "name": right,
            "value": f"*{DOMAIN}-512,{DOMAIN}-1104",
            "position": position,
        }
        for position, right in enumerate(("SeDebugPrivilege", "SeTimeZonePrivilege"))
    ]


def restrict_file(given: Tables) -> None:
    _with_policy(given)
    folder = f"chu.example\\Policies\\{given['gpos'][0]['name']}"
    given["security_descriptors"].append(descriptor(50, "file"))
    given["aces"].append(ace(50, ALICE, 0x1F01FF))
    given["sysvol_files"] = [
        {"domain_id": 0, "path": path, "gpo_id": POLICY, "policy": given["gpos"][0]["name"], "sd_id": 50}
        for path in (folder, f"{folder}\\MACHINE")
    ]


def delete_policy_secret(given: Tables) -> None:
    _with_policy(given)
    told = {"domain_id": 0, "gpo_id": POLICY, "policy": given["gpos"][0]["name"], "side": "computer"}
    element = {
        "file": "Machine\\Preferences\\ScheduledTasks\\ScheduledTasks.xml",
        "kind": "preference",
        "section": "ScheduledTasks/Task[1]/Properties[1]",
    }
    given["gpo_settings"] = [
        {**told, **element, "name": "runAs", "value": "CHU\\Bob", "position": 0},
        {**told, **element, "name": "cpassword", "value": "******", "is_secret": True, "position": 1},
    ]


def filter_sids(given: Tables) -> None:
    given["principals"].append({"principal_id": 60, "sid": f"{OUTSIDE}-1104", "rid": 1104, "type": "foreign"})
    given["trusts"] = [
        {
            "object_id": TRUST,
            "domain_id": 0,
            "partner_dns": "ailleurs.example",
            "partner_sid": OUTSIDE,
            "direction": 2,
            "is_outbound": True,
            "is_inbound": False,
            "trust_type": 2,
            "trust_attributes": 0,
            "is_quarantined": False,
            "is_forest_transitive": False,
            "is_within_forest": False,
        }
    ]


def forbid_tgt_delegation(given: Tables) -> None:
    filter_sids(given)
    given["trusts"][0] |= {
        "direction": 1,
        "is_inbound": True,
        "is_outbound": False,
        "trust_attributes": 0x808,
        "is_forest_transitive": True,
        "allows_tgt_delegation": True,
        "forbids_tgt_delegation": False,
    }


def _read_only_controller(given: Tables, attribute: str, target: int) -> None:
    given["computers"].append(account(RODC, primary_group_rid=521, is_rodc_account=True))
    given["links"] = [{"object_id": RODC, "attribute": attribute, "target_id": target}]
    given["memberships"].append({"member_id": BOB, "group_id": ADMINS, "origin": "member"})


def clear_managed_by(given: Tables) -> None:
    _read_only_controller(given, "managedBy", ALICE)


def restrict_password_caching(given: Tables) -> None:
    _read_only_controller(given, "msDS-RevealedUsers", BOB)


def disable_account(given: Tables) -> None:
    guest, rid = 41, 501
    given["objects"].append(
        {"object_id": guest, "domain_id": 0, "dn": f"CN=Invité,{BASE}", "object_class": "user", "sd_id": None}
    )
    identity = {"principal_id": guest, "sid": f"{DOMAIN}-{rid}", "rid": rid, "type": "user", "domain_id": 0}
    given["principals"].append(identity | {"object_id": guest})
    given["principals"].append({"principal_id": 91, "sid": "S-1-1-0", "rid": 0, "type": "well_known"})
    given["users"].append({"object_id": guest, "principal_id": guest, "domain_id": 0, "rid": rid, "is_enabled": True})
    given["aces"] += [ace(sd, guest, WRITE_DACL) | {"trustee_sid": f"{DOMAIN}-{rid}"} for sd in (HEAD, ADMINS)]


def remove_succession(given: Tables) -> None:
    given["managed_service_accounts"][0] |= {"kind": "dmsa", "delegated_state": 2}
    given["links"] = [{"object_id": SERVICE, "attribute": "msDS-ManagedAccountPrecededByLink", "target_id": BOB}]
    given["aces"].append(ace(ADMINS, BOB, WRITE_DACL))
    given["users"][1]["is_enabled"] = False


def move_service(given: Tables) -> None:
    service = {"object_id": ALICE, "principal_id": ALICE, "service_class": "mssqlsvc"}
    given["spns"] = [service | {"spn": f"MSSQLSvc/{host}", "host": host} for host in ("dc1", "dc1.chu.example")]


def remove_local_member(given: Tables) -> None:
    told = {"computer_id": DC1, "computer_sid": f"{DOMAIN}-1000", "member_id": ALICE, "member_sid": f"{DOMAIN}-1104"}
    given["observed_local_groups"] = [{**told, "group_rid": 544}, {**told, "group_rid": 545}]


def delete_duplicate(given: Tables) -> None:
    given["objects"].append(
        {"object_id": 42, "domain_id": 0, "dn": f"CN=Bob CNF,{BASE}", "object_class": "user", "sd_id": 42}
    )
    given["security_descriptors"].append(descriptor(42))
    given["users"].append(account(BOB) | {"object_id": 42, "sid": f"{DOMAIN}-1105"})
    given["users"][1]["sid"] = f"{DOMAIN}-1105"
    given["memberships"].append({"member_id": BOB, "group_id": ADMINS, "origin": "member"})
    given["aces"].append(ace(42, ALICE, WRITE_DACL))


MAKERS: tuple[Callable[[Tables], None], ...] = (
    remove_ace,
    set_owner,
    remove_member,
    change_primary_group,
    remove_delegation_target,
    remove_unconstrained_delegation,
    remove_rbcd_trustee,
    remove_sid_history,
    remove_password_reader,
    remove_host_service_account,
    remove_gpo_link,
    remove_policy_setting,
    restrict_file,
    delete_policy_secret,
    filter_sids,
    forbid_tgt_delegation,
    clear_managed_by,
    restrict_password_caching,
    remove_succession,
    move_service,
    remove_local_member,
)
