"""Changes of certificate services, tried on the tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from adaudit.derive import derived
from adaudit.derive.facts import Facts
from adaudit.graph.analysis import Analysis
from adaudit.graph.blocks import CHANGE_KINDS
from adaudit.graph.kinds import CODE_OF
from adaudit.graph.what_if.tables import change_of, tables_after
from tests.graph.small_descriptors import guard, sid
from tests.graph.small_forest import HEAD, SmallForest
from tests.graph.small_pki import AGENT, ENROLL, SERVICES, SUPPLIES_SUBJECT, install, publish

EVERYBODY = f"D:(OA;;CR;{ENROLL};;AU)"
POLICY = "1.3.6.1.4.1.311.21.8.1.400"


def any_name(forest: SmallForest) -> None:
    publish(forest, "Libre", EVERYBODY, name_flag=SUPPLIES_SUBJECT)


def agents(forest: SmallForest) -> None:
    publish(forest, "Agent", EVERYBODY, ekus=[AGENT])
    publish(forest, "Cible", EVERYBODY, schema_version=1)


def weak_mapping(forest: SmallForest) -> None:
    publish(forest, "Ancien", EVERYBODY, enrollment_flag=0x80000, name_flag=0x02000000)
    forest.add(f"CN=Support,{HEAD}", "group", rid=1112)
    guard(forest, f"CN=Ana,{HEAD}", f"D:(A;;GA;;;{sid(1112)})")


def mapping_by_name(forest: SmallForest) -> None:
    publish(forest, "Poste", EVERYBODY, name_flag=0x02000000)
    guard(forest, f"CN=Ana,{HEAD}", f"D:(A;;GA;;;{sid(1105)})")
    units = forest.add(f"OU=Domain Controllers,{HEAD}", "organizationalUnit")
    forest.add(f"CN=DC1,OU=Domain Controllers,{HEAD}", "computer", rid=1000, is_server_account=True)
    name = "{6AC1786C-016F-11D2-945F-00C04FB984F9}"
    policy = forest.add(f"CN={name},{HEAD}", "groupPolicyContainer", name=name)
    forest.link(units, policy)
    setting = {"section": "SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\Schannel", "value": "31"}
    place = {"domain_id": 0, "gpo_id": policy, "policy": name, "side": "computer", "file": "MACHINE\\Registry.pol"}
    forest.row("gpo_settings", **place, **setting, kind="registry", name="CertificateMappingMethods", position=0)


def issuance_policy(forest: SmallForest) -> None:
    group = forest.add(f"CN=Labo,{HEAD}", "group", rid=1111)
    policy = forest.add(f"CN=400,{SERVICES}", "msPKI-Enterprise-Oid")
    forest.row("links", object_id=policy, attribute="msDS-OIDToGroupLink", target_id=group)
    forest.row("attributes", object_id=policy, name="msPKI-Cert-Template-OID", text=POLICY)
    publish(forest, "Bloc", f"D:(OA;;CR;{ENROLL};;{sid(1104)})", certificate_policies=[POLICY])


@pytest.mark.parametrize(
    ("plant", "edge", "kind"),
    [
        (any_name, "ADCSESC1", "change_template"),
        (agents, "ADCSESC3", "change_template"),
        (weak_mapping, "ADCSESC9a", "change_template"),
        (mapping_by_name, "ADCSESC10a", "remove_policy_setting"),
        (issuance_policy, "ADCSESC13", "remove_group_link"),
    ],
)
def test_the_edges_of_a_change_are_gone_once_it_is_made(
    plant: Callable[[SmallForest], None], edge: str, kind: str
) -> None:
    forest = SmallForest()
    forest.add(f"CN=Ana,{HEAD}", "user", rid=1104)
    forest.add(f"CN=Bob,{HEAD}", "user", rid=1105)
    install(forest)
    plant(forest)
    before = Analysis(forest.facts())
    of_kind = np.flatnonzero(before.graph.kind == CODE_OF[edge])
    (number,) = np.unique(before.graph.change[of_kind]).tolist()
    assert CHANGE_KINDS[before.graph.changes.kind[number]] == kind
    facts = Facts(tables_after(before.facts, [change_of(before.graph, number)]))
    for _ in derived(facts):
        pass
    after = Analysis(facts)
    assert not np.isin(CODE_OF[edge], after.graph.kind)
    assert np.isin(CODE_OF["Enroll"], after.graph.kind)
    left = before.exposure_in(before.graph.without([number]))
    assert after.exposure.node.tolist() == left.node.tolist()
