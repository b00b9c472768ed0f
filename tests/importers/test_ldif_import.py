"""From LDIF files of a forest to one snapshot."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from datetime import datetime
from itertools import permutations
from pathlib import Path

import pytest

from adaudit.cli.main import run
from adaudit.errors import InputError
from adaudit.importers.ldif import LdifImport, import_ldif
from adaudit.schema import COLLECTED
from adaudit.snapshot import open_snapshot
from tests.importers.material import (
    CONFIGURATION,
    DOMAIN,
    DONE,
    ROOT,
    column,
    configuration,
    coverage,
    domain_head,
    entry,
    group,
    header,
    table,
    user,
)

Import = Callable[..., LdifImport]


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    """Import these texts, one file each, and return what was imported."""

    def make(*texts: str, as_of: datetime | None = None) -> LdifImport:
        paths = []
        for number, text in enumerate(texts):
            paths.append(tmp_path / f"{number}.ldif")
            paths[-1].write_text(text)
        return import_ldif(paths, tmp_path / "x.adsnap", as_of=as_of)

    return make


def test_the_files_of_a_forest_make_one_snapshot_whatever_their_order(imported: Import) -> None:
    texts = (ROOT, domain_head() + user("alix", 1104) + group("lecteurs", 1105), configuration())
    snapshots = []
    for order in permutations(texts):
        path = imported(*order).path
        with open_snapshot(path) as snapshot:
            snapshots.append({name: snapshot.table(name).to_pylist() for name in COLLECTED})
    assert all(tables == snapshots[0] for tables in snapshots)
    assert [row["dn"] for row in snapshots[0]["users"]] == [f"CN=alix,CN=Users,{DOMAIN}"]
    assert {row["dns_name"]: row["is_collected"] for row in snapshots[0]["domains"]} == {
        "corp.test": True,
        "sud.corp.test": False,
    }


def test_naming_contexts_are_those_whose_heads_were_read_and_those_the_forest_knows(imported: Import) -> None:
    path = imported(domain_head(), configuration()).path
    contexts = zip(column(path, "partitions", "dn"), column(path, "partitions", "is_collected"), strict=True)
    assert dict(contexts) == {DOMAIN: True, CONFIGURATION: True, f"DC=sud,{DOMAIN}": False}


def test_as_of_is_the_option_else_the_rootdse_else_the_newest_change(imported: Import) -> None:
    for texts, given, expected, origin in (
        ((ROOT, domain_head()), datetime(2026, 12, 24), datetime(2026, 12, 24), "option"),
        ((ROOT, domain_head()), None, datetime(2026, 11, 1, 8, 30), "source"),
        ((domain_head(),), None, datetime(2026, 6, 1), "newest_change"),
    ):
        with open_snapshot(imported(*texts, as_of=given).path) as snapshot:
            assert (snapshot.manifest.as_of, snapshot.manifest.as_of_origin) == (expected, origin)


def test_a_dump_without_descriptors_says_so(imported: Import) -> None:
    with_one = imported(domain_head() + user("alix", 1104, descriptor=False)).path
    assert not coverage(with_one, reason="no_descriptors")
    without = imported(domain_head(nTSecurityDescriptor=None).replace("nTSecurityDescriptor", "comment")).path
    assert coverage(without, reason="no_descriptors", status="not_attempted", table_name="objects", column_name="sd_id")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (domain_head() + user("alix", 1104), {"user_account_control_computed", "resultant_pso_dn"}),
        (domain_head(), set()),
        (domain_head() + user("alix", 1104, msDS__User__Account__Control__Computed=0), set()),
        (header("* msDS-User-Account-Control-Computed") + domain_head() + user("a", 1104) + DONE, {"resultant_pso_dn"}),
        (
            header("* msDS-User-Account-Control-Computed msDS-ResultantPSO") + domain_head() + user("a", 1104) + DONE,
            set(),
        ),
    ],
    ids=["not asked for", "no account", "seen, so both asked for", "header names one", "header names both"],
)
def test_attributes_computed_by_the_server_are_gaps_unless_asked_for(
    imported: Import, text: str, expected: set[str]
) -> None:
    path = imported(text).path
    assert {row["column_name"] for row in coverage(path, table_name="users", reason="not_in_source")} == expected


def test_attributes_that_the_dump_did_not_ask_for_are_gaps_not_absent_values(imported: Import) -> None:
    asked = "objectClass objectGUID instanceType nTSecurityDescriptor sAMAccountName"
    path = imported(header(asked) + domain_head() + user("alix", 1104, sIDHistory=None) + DONE).path
    assert coverage(path, table_name="users", column_name="admin_count", status="not_attempted")
    assert not coverage(path, table_name="users", column_name="sam_account_name", reason="not_in_source")


def test_a_dump_without_header_of_a_few_attributes_is_told_by_their_absence(imported: Import) -> None:
    text = (domain_head() + user("alix", 1104)).replace("instanceType: 4\n", "").replace("instanceType: 5\n", "")
    path = imported(text).path
    assert coverage(path, table_name="users", column_name="admin_count", status="not_attempted")
    assert not coverage(path, table_name="users", column_name="sam_account_name", reason="not_in_source")


def test_a_filtered_dump_leaves_its_naming_context_not_attempted(imported: Import) -> None:
    path = imported(header(filter_="(objectClass=user)") + domain_head() + user("alix", 1104) + DONE).path
    assert coverage(path, reason="excluded", status="not_attempted")
    assert not coverage(imported(header() + domain_head() + DONE).path, reason="excluded")


def test_a_search_of_the_head_alone_does_not_read_its_naming_context(imported: Import) -> None:
    path = imported(header().replace("scope subtree", "scope baseObject") + domain_head() + DONE).path
    assert coverage(path, table_name="users", reason="excluded", status="not_attempted")
    path = imported(header() + domain_head() + DONE).path
    assert not coverage(path, table_name="users", reason="excluded")


def test_a_naming_context_without_its_head_is_known_to_be_partial(imported: Import) -> None:
    path = imported(user("alix", 1104)).path
    assert column(path, "partitions", "dn") == [DOMAIN]
    assert coverage(
        path, status="not_attempted", reason="not_in_source", detail="the head of this naming context is in no file"
    )


@pytest.mark.parametrize("fuller_first", [True, False])
def test_of_an_object_given_twice_the_fuller_version_is_kept(imported: Import, fuller_first: bool) -> None:
    versions = [user("alix", 1104, description="full", mail="alix@corp.test"), user("alix", 1104, description="poor")]
    result = imported(domain_head() + versions[not fuller_first], versions[fuller_first])
    assert column(result.path, "users", "mail") == ["alix@corp.test"]
    assert result.differing == (f"cn=alix,cn=users,{DOMAIN.lower()}",)
    assert result.objects == 3


def test_an_object_given_twice_alike_is_kept_once_without_a_word(imported: Import) -> None:
    first = user("alix", 1104, servicePrincipalName=["a/x", "b/y"])
    second = user("alix", 1104, servicePrincipalName=["b/y", "a/x"]).replace("CN=alix", "cn=ALIX", 1)
    result = imported(domain_head() + first, second, domain_head() + first)
    assert (result.objects, result.differing) == (3, ())


def members(*numbers: int) -> list[str]:
    return [f"CN=u{number},CN=Users,{DOMAIN}" for number in numbers]


def ranged(description: str, *numbers: int) -> str:
    return "".join(f"{description}: {dn}\n" for dn in members(*numbers)) + "\n"


def test_ranges_of_one_attribute_are_joined_within_an_entry_and_across_files(imported: Import) -> None:
    people = "".join(user(f"u{number}", 2000 + number) for number in range(6))
    start = group("tous", 1105).rstrip() + "\n" + ranged("member;range=0-1", 0, 1).rstrip() + "\n"
    dn = f"dn: CN=tous,CN=Users,{DOMAIN}\n"
    for texts in (
        (domain_head() + people + start + ranged("member;range=2-*", 2, 3, 4, 5),),
        (
            domain_head() + people + start + "\n",
            dn + ranged("member;range=2-3", 2, 3) + dn + ranged("member;range=4-*", 4, 5),
        ),
        (dn + ranged("member;range=2-*", 2, 3, 4, 5), domain_head() + people + start + "\n"),
    ):
        result = imported(*texts)
        origins = column(result.path, "memberships", "origin")
        assert origins.count("member") == 6
        assert result.incomplete_reason is None
        assert result.differing == ()


def test_a_range_without_its_end_is_truncated_and_what_was_read_is_kept(imported: Import) -> None:
    start = group("tous", 1105).rstrip() + "\n" + ranged("member;range=0-1", 0, 1)
    result = imported(domain_head() + user("u0", 2000) + user("u1", 2001) + start)
    assert column(result.path, "memberships", "origin").count("member") == 2
    assert result.incomplete_reason == f"CN=tous,CN=Users,{DOMAIN}: the last values of member are missing"
    gaps = coverage(result.path, status="truncated", table_name="memberships")
    assert gaps
    assert all(gap["detail"] == "member was given in part" for gap in gaps)


def adaudit(*arguments: object) -> int:
    return run(["import", "ldif", *map(str, arguments)])


@pytest.mark.parametrize("trailer", ["# search result\nsearch: 2\nresult: 4 Size limit exceeded\n", ""])
def test_a_dump_cut_short_gives_a_valid_incomplete_snapshot_and_exit_code_3(
    tmp_path: Path, trailer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "d.ldif").write_text(header() + domain_head() + user("alix", 1104) + trailer)
    assert adaudit(tmp_path / "d.ldif", "-o", tmp_path / "x.adsnap") == 3
    assert "incomplete: d.ldif" in capsys.readouterr().err
    with open_snapshot(tmp_path / "x.adsnap") as snapshot:
        assert not snapshot.manifest.complete
        assert snapshot.table("users").num_rows == 1
    assert coverage(tmp_path / "x.adsnap", status="truncated")


def test_the_snapshot_names_its_files_with_their_hashes_and_who_made_them(tmp_path: Path) -> None:
    data = gzip.compress((domain_head() + user("alix", 1104)).encode())
    (tmp_path / "d.ldif.gz").write_bytes(data)
    output = tmp_path / "x.adsnap"
    arguments = (
        tmp_path / "d.ldif.gz",
        "-o",
        output,
        "--account",
        "alix@corp.test",
        "--as-of",
        "2026-11-01T10:00+02:00",
    )
    assert adaudit(*arguments) == 0
    with open_snapshot(output) as snapshot:
        source = snapshot.manifest.source
        assert [(file.name, file.size) for file in source.files] == [("d.ldif.gz", len(data))]
        assert source.files[0].sha256 == hashlib.sha256(data).hexdigest()
        assert source.account == "alix@corp.test"
        assert snapshot.manifest.as_of == datetime(2026, 11, 1, 8)


def test_an_existing_snapshot_is_only_replaced_when_asked(tmp_path: Path) -> None:
    (tmp_path / "d.ldif").write_text(domain_head())
    output = tmp_path / "x.adsnap"
    output.write_text("precious")
    assert adaudit(tmp_path / "d.ldif", "-o", output) == 2
    assert output.read_text() == "precious"
    assert adaudit(tmp_path / "d.ldif", "-o", output, "--overwrite") == 0


def test_a_refused_file_ends_with_code_4_its_line_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = domain_head() + "dn: CN=x\nchangetype: delete\n"
    (tmp_path / "d.ldif").write_text(text)
    before = set(tmp_path.iterdir())
    assert adaudit(tmp_path / "d.ldif", "-o", tmp_path / "x.adsnap") == 4
    assert f"d.ldif:{len(text.splitlines())}: a change record (changetype: delete)" in capsys.readouterr().err
    assert set(tmp_path.iterdir()) == before


def test_files_without_any_object_are_refused(imported: Import, tmp_path: Path) -> None:
    for text in ("", "# nothing\n", ROOT, header() + DONE):
        with pytest.raises(InputError, match="no directory object"):
            imported(text)
        assert not (tmp_path / "x.adsnap").exists()


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-01", ""])
def test_an_as_of_that_is_no_time_is_a_usage_error(tmp_path: Path, moment: str) -> None:
    (tmp_path / "d.ldif").write_text(domain_head())
    assert adaudit(tmp_path / "d.ldif", "-o", tmp_path / "x.adsnap", "--as-of", moment) == 2


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert adaudit("--help") == 0
    assert "Example: adaudit import ldif" in capsys.readouterr().out


def test_values_printed_as_text_by_ldbsearch_become_what_the_directory_holds(imported: Import) -> None:
    binary = domain_head() + user("alix", 1104) + configuration()
    dn = f"CN=alix,CN=Users,{DOMAIN}"
    printed = entry(
        dn,
        *("top", "person", "user"),
        objectGUID="28ac7e48-af91-455a-a038-6d1fc8dc025d",
        objectSid="S-1-5-21-1004336348-1177238915-682003330-1104",
        nTSecurityDescriptor="O:DAG:EAD:(A;;RPLCRC;;;DA)",
    )
    path = imported(binary.replace(user("alix", 1104), printed)).path
    assert column(path, "users", "sid") == ["S-1-5-21-1004336348-1177238915-682003330-1104"]
    (alix,) = [row for row in table(path, "objects").to_pylist() if row["dn"] == dn]
    assert alix["guid"] == "28ac7e48-af91-455a-a038-6d1fc8dc025d"
    descriptor = table(path, "security_descriptors").to_pylist()[alix["sd_id"]]
    assert descriptor["owner_sid"] == "S-1-5-21-1004336348-1177238915-682003330-512"
    assert descriptor["group_sid"] == "S-1-5-21-1004336348-1177238915-682003330-519"
