"""What the graph of an invented hospital tells, made by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from adaudit.graph.answers.picture import picture
from adaudit.graph.answers.told import (
    Ace,
    Change,
    ChokePoint,
    EntryPoint,
    Evidence,
    Outlook,
    Path,
    Plan,
    PlanStep,
    Step,
    Thing,
)
from tests.report.audits import BASE, DOMAIN_SID, HOSTILE_NAMES


def thing(rid: int, name: str, type_: str, place: str = "Comptes", **changes: Any) -> Thing:
    key = f"guid:{rid:08x}-0000-0000-0000-000000000000"
    made = Thing(key, name, type_, "chu.example", f"CN={name},OU={place},{BASE}", f"{DOMAIN_SID}-{rid}")
    return replace(made, **changes)


DOMAIN = thing(1, "chu.example", "domainDNS", dn=BASE, sid=DOMAIN_SID)
ADMINS = thing(512, "Admins du domaine", "group", "Tier 0")
DC1 = thing(1000, "CHU-DC1", "computer", "Domain Controllers")
AUTHENTICATED = Thing("sid:S-1-5-11", "Utilisateurs authentifiés", "well_known", "", None, "S-1-5-11")
SUPPORT = thing(1201, "Support informatique", "group")
SERVERS = thing(1202, "Serveurs métier", "organizationalUnit", "", dn=f"OU=Serveurs,{BASE}", sid=None)
BACKUP = thing(1203, "svc-sauvegarde", "user")
NURSE = thing(1301, "i.martin", "user")
CLERK = thing(1302, "a.petit", "user")
WEB = thing(1401, "CHU-WEB01", "computer", "DMZ")
PACS = thing(1402, "CHU-PACS", "computer", "Serveurs")
POLICY = thing(1501, "Postes - scripts", "groupPolicyContainer", "", dn=f"CN={{31B2}},CN=Policies,{BASE}", sid=None)
PARTNER = Thing("sid:S-1-5-21-9-9-9-1105", "GHT\\astreinte", "foreign", "ght.example", None, "S-1-5-21-9-9-9-1105")

ACE = Ace(3, f"(A;CI;WDWO;;;{DOMAIN_SID}-1201)", True, SERVERS)
OWN_ACE = Ace(0, f"(OA;;CR;00299570-246d-11d0-a768-00aa006e0529;;{DOMAIN_SID}-1201)", False, None)

CHANGES = (
    Change(
        4, "remove_ace", DOMAIN, BACKUP, "nTSecurityDescriptor", "", Ace(7, "(A;;GA;;;S-1-5-21-1-1203)", False, None)
    ),
    Change(
        7,
        "change_template",
        thing(1601, "PosteCHU", "pKICertificateTemplate"),
        None,
        "msPKI-Certificate-Name-Flag",
        "",
        None,
    ),
    Change(9, "remove_member", SUPPORT, NURSE, "member", "", None),
    Change(12, "remove_ace", SERVERS, SUPPORT, "nTSecurityDescriptor", "", ACE),
)


def step(source: Thing, target: Thing, kind: str, **changes: Any) -> Step:
    defaults: dict[str, Any] = {
        "source": source.key,
        "target": target.key,
        "kind": kind,
        "difficulty": "direct",
        "evidence": Evidence(target, "nTSecurityDescriptor", "", ACE, None),
        "change": None,
    }
    return Step(**(defaults | changes))


BY_CERTIFICATE = step(
    AUTHENTICATED,
    DOMAIN,
    "ADCSESC1",
    evidence=Evidence(CHANGES[1].object, "msPKI-Certificate-Name-Flag", "1", None, None),
    change=7,
)
RESET = step(
    SUPPORT, BACKUP, "ForceChangePassword", evidence=Evidence(BACKUP, "nTSecurityDescriptor", "", OWN_ACE, None)
)
REPLICATES = step(BACKUP, DOMAIN, "DCSync", change=4)
MEMBER = step(NURSE, SUPPORT, "MemberOf", evidence=Evidence(SUPPORT, "member", NURSE.dn or "", None, None), change=9)
OWNS = step(SUPPORT, PACS, "Owns", evidence=Evidence(PACS, "owner", "", None, f"{DOMAIN_SID}-1201"))


def path(*nodes_and_steps: Thing | Step) -> Path:
    return Path(
        tuple(each for each in nodes_and_steps if isinstance(each, Thing)),
        tuple(each for each in nodes_and_steps if isinstance(each, Step)),
    )


def chain(*nodes: Thing, kind: str = "GenericAll") -> Path:
    return Path(nodes, tuple(step(a, b, kind) for a, b in pairwise(nodes)))


PATHS = (
    path(AUTHENTICATED, BY_CERTIFICATE, DOMAIN),
    path(NURSE, MEMBER, SUPPORT, RESET, BACKUP, REPLICATES, DOMAIN),
    path(CLERK, replace(MEMBER, source=CLERK.key), SUPPORT, RESET, BACKUP, REPLICATES, DOMAIN),
    path(
        *(WEB, step(WEB, SERVERS, "WriteDacl"), SERVERS),
        *(
            step(SERVERS, PACS, "PropagatesACEsTo"),
            PACS,
            step(PACS, ADMINS, "HasSession", difficulty="prerequisite"),
            ADMINS,
        ),
    ),
    path(SUPPORT, OWNS, PACS, step(PACS, ADMINS, "HasSession", difficulty="prerequisite"), ADMINS),
    path(
        *(CLERK, step(CLERK, POLICY, "GenericWrite", change=12), POLICY),
        *(step(POLICY, DC1, "GPLink", difficulty="prerequisite"), DC1, step(DC1, DOMAIN, "DCFor"), DOMAIN),
    ),
)


def make_outlook(**changes: Any) -> Outlook:
    """A hospital with several ways to tier 0, some of which no change removes, and an entry point on the Internet."""
    plan = Plan(
        steps=(
            PlanStep(CHANGES[1], 8700, 312, 1, (BY_CERTIFICATE,)),
            PlanStep(CHANGES[0], 290, 22, 2, (REPLICATES,)),
            PlanStep(CHANGES[2], 20, 2, 41, (MEMBER,)),
        ),
        least=2,
        is_least=True,
        irreducible=2,
        why={"HasSession": 1, "DCFor": 2},
    )
    defaults: dict[str, Any] = {
        "accounts": 9420,
        "exposed": {"user": 8911, "computer": 99, "managed_service_account": 2},
        "distances": {1: 8700, 2: 40, 3: 272},
        "everyone_like": PATHS[:1],
        "foreign": (chain(PARTNER, SUPPORT, ADMINS, kind="AddMember"),),
        "tier0": 148,
        "plan": plan,
        "choke_points": (ChokePoint(None, CHANGES[1], 8700, True), ChokePoint(BACKUP, None, 310, False)),
        "paths": PATHS,
        "entry_points": (
            EntryPoint("imprimante.chu.example", None, (), None),
            EntryPoint("web", None, ("CHU\\WEB01$", "CHU\\WEB02$"), None),
            EntryPoint("www.chu.example", WEB, (), PATHS[3]),
            EntryPoint("chu-dc1.chu.example", DC1, (), Path((DC1,), ())),
            EntryPoint("chu-pacs.chu.example", PACS, (), None),
        ),
        "drawn": picture(PATHS, {SUPPORT.key: 312, BACKUP.key: 310}, {NURSE.key: 312}),
        "changes": CHANGES,
        "missing": {"objects.sd_id": 14, "gpo_settings.*": 1},
        "not_modelled": {"relay": ("CoerceAndRelayNTLMToSMB",), "ca_registry": ("ManageCA", "ADCSESC7")},
        "uncertain": {"HasSPN": 12, "DontReqPreauth": 3},
    }
    return Outlook(**(defaults | changes))


def healthy_outlook(**changes: Any) -> Outlook:
    """Nobody reaches tier 0."""
    nothing: dict[str, Any] = {key: {} for key in ("exposed", "distances", "missing", "uncertain")}
    nothing |= dict.fromkeys(("everyone_like", "foreign", "choke_points", "paths", "entry_points", "changes"), ())
    return make_outlook(**({**nothing, "plan": Plan((), 0, True, 0, {}), "drawn": picture((), {})} | changes))


def hostile_outlook() -> Outlook:
    """Every text that a directory decides is hostile."""
    ends = "</script><script>document.title='hacked'</script>\u202e$\\frac{1}{2}$\u2028"
    names = [*HOSTILE_NAMES, ends, "$x^$", "CN=" + "long," * 2000]
    things = [Thing(f"dn:{n}{name}", name, name if n % 2 else "user", name, name, name) for n, name in enumerate(names)]
    bad = Ace(0, ends, True, things[0])
    edges = [
        Step(a.key, b.key, "GenericAll", "direct", Evidence(a, ends, ends, bad, ends), 0) for a, b in pairwise(things)
    ]
    way = Path(tuple(things), tuple(edges))
    change = Change(0, "remove_gpo_link", things[1], things[2], ends, ends, bad)
    return make_outlook(
        everyone_like=(way,),
        foreign=(way,),
        paths=(way,),
        plan=Plan((PlanStep(change, 1, 0, 1, tuple(edges)),), 1, True, 0, {}),
        choke_points=tuple(ChokePoint(each, None, 1, True) for each in things),
        entry_points=tuple(EntryPoint(name, None, tuple(names), None) for name in names),
        drawn=picture((way,), {things[0].key: 3}),
        changes=(change,),
        missing={ends: 3},
    )
