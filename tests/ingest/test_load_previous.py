"""A snapshot that is loaded and sealed again gives the same tables; one that contradicts itself is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from adaudit.decode.group_policy import Setting
from adaudit.errors import InputError
from adaudit.ingest.ingest import Ingest
from adaudit.schema import COLLECTED
from adaudit.snapshot import ManifestHeader, Snapshot, SnapshotWriter, SourceInfo, open_snapshot
from tests.ingest.conftest import BASE, CONFIGURATION, Entry, entry, group, guid, rows, sid, skeleton, text, user

SOURCE = SourceInfo(kind="samples", tool="test")
SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.adsnap"))
OTHER_SID = "S-1-5-21-9-9-9-1300"


def loaded_and_sealed(previous: Snapshot, path: Path, *, notes: list[dict[str, Any]] | None = None) -> Snapshot:
    """What a collection that finds nothing changed makes of ``previous``."""
    with Ingest(path, source=SOURCE) as ingest:
        ingest.load(previous)
        for partition in rows(previous, "partitions"):
            ingest.partition(partition["dn"], collected=partition["is_collected"])
        read_share_again(previous, ingest)
        for note in notes or []:
            ingest.note(**note)
        source = previous.manifest.source
        ingest.seal(as_of=None, as_of_origin="newest_change", account=source.account, account_sid=source.account_sid)
    return open_snapshot(path)


def read_share_again(previous: Snapshot, ingest: Ingest) -> None:
    """SYSVOL, which is never loaded: a collection reads it anew each time."""
    domains = {row["domain_id"]: row["dn"] for row in rows(previous, "domains")}
    descriptors = {row["sd_id"]: row["raw"] for row in rows(previous, "security_descriptors")}
    roots = {}
    for row in rows(previous, "sysvol_files"):
        roots[row["domain_id"]] = row["path"].partition("\\")[0]
        told = {name: row[name] for name in ("is_folder", "size", "modified_at", "sha256", "error")}
        ingest.sysvol_file(domains[row["domain_id"]], row["path"], descriptor=descriptors.get(row["sd_id"]), **told)
    for row in rows(previous, "gpo_settings"):
        folder = rf"{roots[row['domain_id']]}\Policies\{row['policy']}" if row["policy"] else roots[row["domain_id"]]
        setting = Setting(*(row[name] for name in ("kind", "section", "name", "value", "value_type", "is_secret")))
        ingest.gpo_setting(domains[row["domain_id"]], rf"{folder}\{row['file']}", row["position"], setting)


def differing(first: Snapshot, second: Snapshot) -> list[str]:
    return [name for name in COLLECTED if not first.table(name).equals(second.table(name))]


def forest() -> list[Entry]:
    """Something of everything that is staged in a way of its own."""
    services = f"CN=Services,{CONFIGURATION}"
    server = f"CN=DC1,CN=Servers,CN=Site,CN=Sites,{CONFIGURATION}"
    return [
        *skeleton(),
        entry(6, f"CN=Directory Service,CN=Windows NT,{services}", "nTDSService", dSHeuristics=text("001")),
        entry(7, server, "server", dNSHostName=text("DC1.chu.example"), serverReference=text(f"CN=pc,CN=Users,{BASE}")),
        entry(8, f"CN=NTDS Settings,{server}", "nTDSDSA", options=text("1"), msDS_Behavior_Version=text("7")),
        entry(9, f"CN=ForeignSecurityPrincipals,{BASE}", "container"),
        entry(10, f"CN={OTHER_SID},CN=ForeignSecurityPrincipals,{BASE}", "foreignSecurityPrincipal",
              objectSid=sid(OTHER_SID)),
        entry(11, f"OU=Soins,{BASE}", "organizationalUnit", gPOptions=text("1"), gPLink=text("[LDAP://CN=x;0]broken")),
        entry(12, f"CN={{A}},CN=Policies,CN=System,{BASE}", "groupPolicyContainer", flags=text("2")),
        entry(13, f"CN=PSO,CN=Password Settings Container,CN=System,{BASE}", "msDS-PasswordSettings",
              msDS_LockoutDuration=text("-18000000000"), msDS_PasswordComplexityEnabled=text("TRUE")),
        entry(14, f"CN=contact\\, é,{BASE}", "contact", info=text("x"), memberOf=text(f"CN=G,CN=Users,{BASE}")),
        entry(15, f"CN=gone\nDEL:x,CN=Deleted Objects,{BASE}", "person user", isDeleted=text("TRUE"),
              objectSid=sid(1999), lastKnownParent=text(BASE), member=text(BASE),
              msDS_AllowedToActOnBehalfOfOtherIdentity=[b"\1\2"]),
        entry(16, f"CN=nobody,{BASE}", "contact", objectGUID=[b"short"], sddl=""),
        user(20, "u", 1104, sIDHistory=sid(OTHER_SID), userCertificate=[b"no certificate"], info=text("x", "y"),
             servicePrincipalName=text("http/a"), msDS_AllowedToDelegateTo=text("cifs/srv"), lastLogon=text("soon"),
             memberOf=text(f"CN=hidden,{BASE}"), unicodePwd=text("secret"), description=text("a", "b")),
        user(21, "v", 1105, pwdLastSet=text("never"), nTSecurityDescriptor=[b"\1garbage"], lastLogon=text("soon")),
        user(22, "pc", 1106, objectClass=text("top", "person", "user", "computer"), lastLogon=text("soon")),
        group(30, "G", 1200, member=text(f"CN=u,CN=Users,{BASE}", f"CN=contact\\, é,{BASE}",
                                         f"CN={OTHER_SID},CN=ForeignSecurityPrincipals,{BASE}", f"CN=away,{BASE}")),
    ]  # fmt: skip


def test_all_tables_of_a_forest_come_back(seal: Callable[..., Snapshot], tmp_path: Path) -> None:
    previous = seal(forest())
    again = loaded_and_sealed(previous, tmp_path / "again.adsnap")
    assert differing(previous, again) == []
    assert differing(previous, loaded_and_sealed(again, tmp_path / "third.adsnap")) == []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_all_tables_of_a_sample_come_back(path: Path, tmp_path: Path) -> None:
    with open_snapshot(path) as previous:
        assert differing(previous, loaded_and_sealed(previous, tmp_path / "again.adsnap")) == []


def test_what_was_cut_short_stays_told_until_the_object_is_read_again(tmp_path: Path) -> None:
    def read(path: Path, previous: Snapshot | None = None) -> Snapshot:
        with Ingest(path, source=SOURCE) as ingest:
            ingest.partition(BASE)
            if previous is None:
                for dn, attributes in forest():
                    ingest.add(dn, attributes)
                ingest.note_attribute("truncated", "server_error", "member", dn=f"CN=G,CN=Users,{BASE}", detail="cut")
                ingest.note_attribute("truncated", "server_error", "info", dn=f"CN=u,CN=Users,{BASE}", detail="cut")
            else:
                ingest.load(previous)
                ingest.add(*group(30, "G", 1200))
            ingest.seal(as_of=None, as_of_origin="newest_change")
        return open_snapshot(path)

    first = read(tmp_path / "first.adsnap")
    second = read(tmp_path / "second.adsnap", first)

    def cut(snapshot: Snapshot) -> set[tuple[str, str]]:
        names = {row["object_id"]: row["name"] for row in rows(snapshot, "objects")}
        told = [row for row in rows(snapshot, "coverage") if row["status"] == "truncated"]
        return {(names[row["object_id"]], row["table_name"]) for row in told}

    assert cut(first) == {("G", "memberships"), ("u", "attributes")}
    assert cut(second) == {("u", "attributes")}


def test_a_note_on_an_attribute_goes_when_the_object_is_read_again_whole(tmp_path: Path) -> None:
    with Ingest(tmp_path / "x.adsnap", source=SOURCE) as ingest:
        ingest.partition(BASE)
        for dn, attributes in (*forest(), group(30, "G", 1200)):
            if attributes["objectGUID"] == guid(30):
                ingest.note_attribute(
                    "truncated", "server_error", "member" if "member" in attributes else "info", dn=dn
                )
            ingest.add(dn, attributes)
        ingest.seal(as_of=None, as_of_origin="newest_change")
    with open_snapshot(tmp_path / "x.adsnap") as snapshot:
        told = [row["table_name"] for row in rows(snapshot, "coverage") if row["status"] == "truncated"]
    assert told == ["attributes"]


def test_an_object_added_after_loading_replaces_the_one_loaded(seal: Callable[..., Snapshot], tmp_path: Path) -> None:
    changed = user(20, "renamed", 1104, memberOf=text(f"CN=G,CN=Users,{BASE}"))
    others = [each for each in forest() if each[1]["objectGUID"] != guid(20)]
    previous = seal(forest())
    with Ingest(tmp_path / "again.adsnap", source=SOURCE) as ingest:
        ingest.load(previous)
        ingest.partition(BASE)
        ingest.partition(CONFIGURATION)
        ingest.add(*changed)
        ingest.seal(as_of=None, as_of_origin="newest_change")
    expected = seal([*others, changed])
    with open_snapshot(tmp_path / "again.adsnap") as again:
        assert differing(expected, again) == []


Break = Callable[[pa.Table], pa.Table]


def setting(column: str, value: object, row: int = 0) -> Break:
    """Change one cell."""

    def change(table: pa.Table) -> pa.Table:
        values = table[column].to_pylist()
        values[row] = value
        field = table.schema.field(column)
        return table.set_column(table.schema.get_field_index(column), field, pa.array(values, field.type))

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("objects", setting("object_id", 7)),
        ("objects", setting("guid", "not a guid")),
        ("objects", setting("sd_id", 1_000_000)),
        ("objects", setting("sd_id", -1)),
        ("objects", setting("dn", None)),
        ("spns", setting("object_id", 1_000_000)),
        ("spns", setting("object_id", -1)),
        ("attributes", setting("object_id", None)),
        ("links", setting("target_dn", None)),
        ("memberships", setting("member_id", 1_000_000)),
        ("memberships", setting("group_id", -1)),
        ("principals", lambda table: table.slice(0, 1)),
        ("users", setting("rbcd_sd_id", 1_000_000)),
        ("security_descriptors", setting("raw", None)),
        ("security_descriptors", lambda table: table.slice(0, 0)),
        ("coverage", lambda table: setting("object_id", -5)(setting("column_name", "sid")(
            setting("status", "failed")(table)))),
    ],
)  # fmt: skip
def test_a_snapshot_that_contradicts_itself_is_refused(
    seal: Callable[..., Snapshot], tmp_path: Path, name: str, change: Break
) -> None:
    sound = seal(forest())
    path = tmp_path / "hostile.adsnap"
    with SnapshotWriter(path) as writer:
        for table in COLLECTED:
            rows_of = sound.table(table)
            writer.write_table(table, change(rows_of) if table == name else rows_of)
        writer.seal(ManifestHeader(**{f: getattr(sound.manifest, f) for f in ManifestHeader.model_fields}))
    with (
        open_snapshot(path) as hostile,
        Ingest(tmp_path / "x.adsnap", source=SOURCE) as ingest,
        pytest.raises(InputError, match=r"do not agree|is no row of any table") as caught,
    ):
        ingest.load(hostile)
    assert caught.value.place.startswith(str(path))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("users", lambda table: table.take([1, 0])),
        ("users", setting("object_id", None)),
        ("users", setting("object_id", 0)),
        ("objects", setting("object_classes", None, 9)),
        ("objects", setting("object_classes", ["top", None], 9)),
        ("objects", setting("guid", "01000000-0000-0000-0000-000000000000", 9)),
        ("principals", setting("type", None)),
        ("security_descriptors", setting("role", "odd")),
        ("attributes", setting("name", None)),
        ("delegations", setting("kind", None)),
        ("coverage", lambda table: setting("object_id", None)(setting("column_name", "sid")(
            setting("table_name", "users")(setting("status", "failed")(table))))),
    ],
)  # fmt: skip
def test_odd_values_of_a_snapshot_do_not_end_a_collection(
    seal: Callable[..., Snapshot], tmp_path: Path, name: str, change: Break
) -> None:
    sound = seal(forest())
    path = tmp_path / "odd.adsnap"
    with SnapshotWriter(path) as writer:
        for table in COLLECTED:
            rows_of = sound.table(table)
            writer.write_table(table, change(rows_of) if table == name else rows_of)
        writer.seal(ManifestHeader(**{f: getattr(sound.manifest, f) for f in ManifestHeader.model_fields}))
    with open_snapshot(path) as odd:
        assert len(rows(loaded_and_sealed(odd, tmp_path / "again.adsnap"), "objects")) >= len(forest()) - 1
