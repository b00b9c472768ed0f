"""What rules find in a new forest of Windows Server 2016 or later that nobody touched: what they mean to, no more."""

from __future__ import annotations

import pytest

from adaudit.engine import audit, load_rules
from adaudit.engine.model import Audit, Status
from adaudit.ingest.ingest import Ingest
from adaudit.snapshot import SourceInfo, open_snapshot
from tests.rules.windows import BASE, CONFIGURATION, SCHEMA, entries
from tests.rules.windows_policies import files, settings

MEANT_TO_FIRE = {
    "ext_admin_can_be_delegated": "Administrator is not marked as sensitive",
    "ext_audit_policy_dc": "no audit subcategory is set by policy",
    "ext_audit_powershell": "no policy",
    "ext_dc_ldap_signing": "the policy of controllers asks for no LDAP signing",
    "ext_defender_asr": "no policy",
    "ext_dns_zone_au_createchild": "authenticated users create records, so that machines register",
    "ext_firewall_script_engines": "no policy",
    "ext_folder_options_scripts": "no policy",
    "ext_gpo_lsa_protection": "no policy",
    "ext_hardened_paths": "no policy",
    "ext_kerberos_armoring_client": "no policy",
    "ext_kerberos_armoring_dc": "no policy",
    "ext_llmnr_enabled": "no policy",
    "ext_lockout_policy": "no lockout",
    "ext_netsession_hardening": "no policy",
    "ext_not_enough_dc": "one controller",
    "ext_old_ntlm": "controllers accept NTLMv1 without a policy",
    "ext_password_min_length_12": "seven characters",
    "ext_pre2000_authenticated_users": "what installation puts there",
    "ext_rc4_allowed_accounts": "machines write RC4 beside AES",
    "ext_recycle_bin_disabled": "the recycle bin is an option",
    "ext_rootdse_anonymous": "DenyUnauthenticatedBind is an option",
    "ext_terminal_services_gpo": "no policy",
    "vuln_dc_crypto": "controllers write RC4 beside AES (level 4)",
    "vuln_dsheuristics_bad": "the checks of attributes on addition are an option (level 4)",
    "vuln_privileged_members_password": "seven characters for Administrator too",
    "vuln_user_accounts_machineaccountquota": "ten machines for each account",
    "warning_password_policy_pso_missing": "no policy of its own for administrators",
    "warning_rid500": "Administrator has just installed the forest",
}


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    path = tmp_path_factory.mktemp("windows") / "x.adsnap"
    with Ingest(path, source=SourceInfo(kind="samples", tool="test")) as ingest:
        for partition in (BASE, CONFIGURATION, SCHEMA, f"DC=DomainDnsZones,{BASE}"):
            ingest.partition(partition)
        for dn, attributes in entries():
            ingest.add(dn, {name: values for name, values in attributes.items() if values})
        for file, is_folder, descriptor in files():
            ingest.sysvol_file(BASE, file, is_folder=is_folder, size=None if is_folder else 1, descriptor=descriptor)
        for position, (file, setting) in enumerate(settings()):
            ingest.gpo_setting(BASE, file, position, setting)
        ingest.seal(as_of=None, as_of_origin="newest_change")
    with open_snapshot(path) as snapshot:
        return audit(snapshot, load_rules())


def test_only_what_is_meant_to_fire_does_in_what_windows_installs(audited: Audit) -> None:
    found = {
        result.rule.id: [(subject.dn, str(subject.evidence)) for subject in result.subjects]
        for result in audited.results
        if result.subjects and result.rule.kind != "information"
    }
    assert {rule: found[rule] for rule in found.keys() - MEANT_TO_FIRE.keys()} == {}
    assert found.keys() == MEANT_TO_FIRE.keys()


def test_no_rule_fails_on_that_forest(audited: Audit) -> None:
    assert [result.rule.id for result in audited.results if result.status is Status.ERROR] == []


@pytest.mark.parametrize(
    "rule",
    [
        "vuln_adcs_template_control",
        "vuln_permissions_adminsdholder",
        "vuln_permissions_dc",
        "vuln_permissions_naming_context",
        "vuln_permissions_schema",
        "vuln_permissions_msdns",
        "vuln_privileged_members_perm",
    ],
)
def test_the_rights_of_that_forest_were_examined(audited: Audit, rule: str) -> None:
    (result,) = [each for each in audited.results if each.rule.id == rule]
    assert result.examined
    assert result.status is Status.COMPLIANT, result.gaps
