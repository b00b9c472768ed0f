"""Small audits made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from adaudit.engine.exceptions import accept, without_accepted
from adaudit.engine.level import level_of
from adaudit.engine.model import (
    Audit,
    AuditedDomain,
    Control,
    Detail,
    Gap,
    Item,
    Kind,
    Level,
    Needs,
    Prose,
    Result,
    Rule,
    Severity,
    Standing,
    Status,
    Subject,
    SubjectKind,
)
from adaudit.engine.score import scores_of
from adaudit.engine.standing import Acceptance
from adaudit.engine.steps import steps_of
from adaudit.snapshot import SourceInfo

AS_OF = datetime(2026, 11, 22, 14, 5)
DOMAIN_SID = "S-1-5-21-1111-2222-3333"
BASE = "DC=chu,DC=example"

HOSTILE_NAMES = (
    "<script>document.title='hacked'</script>",
    '"><img src=x onerror="document.title=\'hacked\'">',
    "'; alert(1); //",
    "{{7*7}}{% raw %}",
    "</style></script><b>gras",
    "facture\u202efdp.exe",
    "zero\u200bwidth\u2066isolat\u0007",
    '=HYPERLINK("http://evil.example";"clic")',
    "x" * 400,
    "javascript:alert(1)",
)


def prose(title: str) -> Prose:
    return Prose(
        title=title,
        why="Un attaquant s'en sert pour prendre l'annuaire.\nEt l'hôpital avec.",
        fix="Dans cet ordre :\n- Relever les comptes.\n- Retirer le droit, un jour de semaine.",
        verify="Get-ADUser -Filter 'Enabled -eq $true'",
        limits="Les comptes désactivés ne sont pas vus.",
    )


def rule(rule_id: str, title: str, **changes: Any) -> Rule:
    defaults: dict[str, Any] = {
        "id": rule_id,
        "kind": Kind.VULNERABILITY,
        "family": "privileged",
        "controls": (rule_id,),
        "levels": (1,),
        "severity": None,
        "subject": SubjectKind.PRINCIPAL,
        "needs": Needs(("users",)),
        "evidence": ("dn", "is_enabled", "password_last_set_at"),
        "params": {"max_age_days": 1095},
        "sql": "",
        "population": "",
        "places": None,
        "unknown": "",
        "detail": None,
        "powershell": None,
        "prose": {"fr": prose(title), "en": prose(f"{title} (EN)")},
        "path": Path("x.toml"),
    }
    return Rule(**(defaults | changes))


def subject(number: int, name: str, **changes: Any) -> Subject:
    dn = f"CN={name},OU=Comptes,{BASE}"
    defaults: dict[str, Any] = {
        "key": f"guid:00000000-0000-0000-0000-{number:012x}",
        "type": "user",
        "domain": "chu.example",
        "guid": f"00000000-0000-0000-0000-{number:012x}",
        "dn": dn,
        "sid": f"{DOMAIN_SID}-{1000 + number}",
        "name": name,
        "level": 1,
        "evidence": {"dn": dn, "is_enabled": True, "password_last_set_at": "2019-03-05T14:05:00Z"},
    }
    return Subject(**(defaults | changes))


def result(of: Rule, status: Status = Status.VIOLATIONS, **changes: Any) -> Result:
    defaults: dict[str, Any] = {
        "rule": of,
        "status": status,
        "incomplete": False,
        "level": None,
        "examined": 12,
        "reason": "",
        "message": "",
        "gaps": (),
        "subjects": (),
        "unassessed_levels": (),
        "seconds": 0.01,
    }
    return Result(**(defaults | changes))


def gap(**changes: Any) -> Gap:
    defaults: dict[str, Any] = {
        "table": "users",
        "column": "password_last_set_at",
        "domain": "chu.example",
        "status": "denied",
        "reason": "no_read_right",
        "count": 2,
        "examples": (f"CN=Labo,OU=Comptes,{BASE}",),
        "is_required": True,
        "levels": (),
    }
    return Gap(**(defaults | changes))


def make_audit(*results: Result, **changes: Any) -> Audit:
    known = {control: levels for r in results for control in r.rule.controls for levels in [r.rule.levels]}
    known["vuln_krbtgt"] = (2,)
    defaults: dict[str, Any] = {
        "tool": "adaudit 0.1.0",
        "snapshot_path": "/tmp/chu.adsnap",
        "snapshot_sha256": "ab" * 32,
        "as_of": AS_OF,
        "as_of_origin": "dc_current_time",
        "is_complete": True,
        "incomplete_reason": None,
        "source": SourceInfo(
            kind="ldap", tool="adaudit 0.1.0", server="dc1.chu.example", account="auditeur@chu.example"
        ),
        "forest": "chu.example",
        "domains": (
            AuditedDomain("chu.example", DOMAIN_SID, is_collected=True),
            AuditedDomain("labo.chu.example", None, is_collected=False),
        ),
        "counts": {"objects": 28372, "users": 9000, "computers": 4100},
        "catalogue_date": "2026-09-03",
        "level": Level(1, 1, ("vuln_krbtgt",)),
        "scores": scores_of(results),
        "steps": steps_of(results, {control: levels for control, levels in known.items() if control[:5] == "vuln_"}),
        "excepted": None,
        "exceptions": (),
        "results": results,
        "controls": {
            control: (
                Control(control, "anssi", levels, f"https://www.cert.ssi.gouv.fr/uploads/ad_checklist.html#{control}"),
                Control("T1558", "mitre", (), "https://attack.mitre.org/techniques/T1558/"),
            )
            for control, levels in known.items()
        },
        "coverage": (gap(is_required=False), gap(table="gpo_settings", column="*", domain="", reason="not_in_source")),
    }
    return Audit(**(defaults | changes))


def full_audit() -> Audit:
    """One result of each status and kind, several levels, rights, a number with rows behind it, gaps, an error."""
    rights = [
        {"trustee": "Exploitation", "sid": f"{DOMAIN_SID}-2001", "right": "write_dacl", "target": None, "level": 1},
        {"trustee": "Imagerie", "sid": f"{DOMAIN_SID}-2002", "right": "write_property", "target": "member", "level": 2},
    ]
    dormant = tuple(
        Item(
            f"guid:{n:08x}-0000-0000-0000-000000000000",
            "user",
            f"vacataire{n}",
            f"CN=vacataire{n},OU=Partis,{BASE}",
            {"dn": f"CN=vacataire{n},OU=Partis,{BASE}", "last_logon_timestamp_at": "2023-01-02T03:04:05Z"},
        )
        for n in range(1, 31)
    )
    return make_audit(
        result(
            rule("vuln_dont_expire_priv", "Comptes à privilèges dont le mot de passe n'expire jamais"),
            level=1,
            incomplete=True,
            gaps=(gap(),),
            subjects=tuple(subject(n, f"admin{n}") for n in range(1, 4)),
        ),
        result(
            rule(
                "vuln_permissions_dc",
                "Droits dangereux sur les contrôleurs de domaine",
                family="acl",
                levels=(1, 2),
                evidence=("dn", "read_only", "rights"),
            ),
            level=2,
            subjects=(
                subject(9, "DC1", type="computer", level=2, evidence={"dn": "x", "read_only": False, "rights": rights}),
            ),
        ),
        result(
            rule(
                "vuln_user_accounts_dormant",
                "Plus d'un quart des comptes actifs sont dormants",
                family="accounts",
                subject=SubjectKind.DOMAIN,
                evidence=("dormant_accounts", "enabled_accounts", "share"),
                detail=Detail("", SubjectKind.OBJECT, ("dn", "last_logon_timestamp_at")),
            ),
            level=1,
            subjects=(
                subject(
                    1,
                    "chu.example",
                    type="domain",
                    dn=BASE,
                    evidence={"dormant_accounts": 2500, "enabled_accounts": 9000, "share": 0.2778},
                    items=dormant,
                ),
            ),
        ),
        result(
            rule("warning_spn", "Comptes de service exposés", kind=Kind.WARNING, family="kerberos", levels=(3,)),
            level=3,
            subjects=(subject(20, "svc-pacs", level=3),),
        ),
        result(rule("vuln_krbtgt_ok", "krbtgt changé récemment", family="kerberos"), Status.COMPLIANT, examined=1),
        result(
            rule("vuln_spn_priv", "Comptes à privilèges avec SPN", family="kerberos"),
            Status.NOT_ASSESSED,
            reason="gap",
            unassessed_levels=(1,),
            gaps=(gap(), gap(table="spns", column="*", reason="container_hidden", levels=(2,), is_required=False)),
        ),
        result(
            rule("vuln_owner", "Propriétaires inhabituels", family="acl"),
            Status.ERROR,
            reason="timeout",
            message="not finished after 120 s",
        ),
        result(
            rule("info_trusts", "Approbations", kind=Kind.INFORMATION, family="trusts", levels=()),
            Status.INFORMATION,
            subjects=(subject(30, "partenaire.example", type="trustedDomain", level=None),),
        ),
        result(
            rule(
                "ext_shadow_credentials",
                "Clés ajoutées à des comptes à privilèges",
                kind=Kind.EXTRA,
                levels=(),
                severity=Severity.CRITICAL,
            ),
            subjects=(subject(12, "svc-sauvegarde", level=None),),
        ),
    )


def accepted_audit(*, expired: bool) -> Audit:
    """One finding that an exception accepts, or did until the day before."""
    until = AS_OF.date() - timedelta(days=1) if expired else date(2026, 12, 31)
    reason = "automate mdp: Hopital2024!"
    entry = Acceptance("vuln_x", f"sid:{DOMAIN_SID}-1001", reason, "RSSI", until, "exceptions.toml:2")
    gone = replace(entry, rule="vuln_gone", until=date(2026, 12, 31), place="exceptions.toml:9")
    of_it = result(rule("vuln_x", "Mot de passe sans fin"), level=1, subjects=(subject(1, "svc-labo"),))
    found, uses = accept([of_it], [entry, gone], AS_OF.date())
    left = [without_accepted(each) for each in found]
    standing = Standing(level_of(left, {"vuln_x": (1,)}), scores_of(left))
    return make_audit(*found, excepted=standing, exceptions=uses)


def hostile_audit() -> Audit:
    """Every text that a directory decides is hostile."""
    found = []
    for number, name in enumerate(HOSTILE_NAMES, start=1):
        evidence: dict[str, Any] = {"dn": name, "is_enabled": name, "password_last_set_at": [name, {"a": name}]}
        found.append(subject(number, name, evidence=evidence, type=name, dn=name))
    hostile = HOSTILE_NAMES[0]
    judged = (
        result(rule("vuln_hostile", "Noms hostiles"), level=1, subjects=tuple(found)),
        result(
            rule("vuln_denied", "Faits manquants"),
            Status.NOT_ASSESSED,
            gaps=(gap(table=hostile, column=hostile, domain=hostile, reason=hostile, examples=HOSTILE_NAMES),),
        ),
        result(rule("vuln_error", "Erreur"), Status.ERROR, reason="failed", message=hostile),
    )
    return replace(
        full_audit(),
        forest=hostile,
        snapshot_path=f"/tmp/{HOSTILE_NAMES[1]}",
        incomplete_reason=hostile,
        is_complete=False,
        source=SourceInfo(kind="ldap", tool=hostile, server=hostile, account=HOSTILE_NAMES[1]),
        domains=(AuditedDomain(hostile, DOMAIN_SID, is_collected=True),),
        scores=scores_of(judged),
        steps=steps_of(judged, {}),
        results=judged,
    )
