"""From the bytes of an LDIF file to entries."""

from __future__ import annotations

import base64
import codecs
import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.errors import InputError
from adaudit.importers import ldif_entries, ldif_text
from adaudit.importers.ldif_entries import Entry, LdifFile

BROKEN = Path(__file__).parent / "broken"
TWO_ENTRIES = "dn: CN=a,DC=corp,DC=test\ncn: a\n\ndn: CN=b,DC=corp,DC=test\ncn: b\ndescription: é\n\n"


def read(path: Path, text: str | bytes) -> list[Entry]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(LdifFile(path).entries())


@pytest.fixture
def ldif(tmp_path: Path) -> Path:
    return tmp_path / "dump.ldif"


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.ldif")), ids=lambda path: path.stem)
def test_a_broken_file_is_refused_at_its_line(path: Path) -> None:
    """The first line of each file says what is expected."""
    expected = re.match(r"# refused at line (\d+): (.*?)\r?\n", path.read_bytes().decode())
    assert expected is not None
    line, message = expected.groups()
    with pytest.raises(InputError) as caught:
        list(LdifFile(path).entries())
    assert str(caught.value).startswith(f"{path}:{line}: {message}")


def test_entries_come_with_values_in_order_and_their_line(ldif: Path) -> None:
    entries = read(ldif, "version: 1\n\ndn: CN=a,DC=corp,DC=test\nmember: 2\ncn:: YQ==\nmember: 1\n\n\n\ndn:\nx:\ny:\n")
    assert entries == [
        Entry("CN=a,DC=corp,DC=test", {"member": [b"2", b"1"], "cn": [b"a"]}, 3),
        Entry("", {"x": [b""], "y": [b""]}, 10),
    ]


def test_a_version_may_stand_just_above_the_first_entry(ldif: Path) -> None:
    assert read(ldif, "version: 1\ndn: CN=a\ncn: a\n")[0].dn == "CN=a"


def test_folded_lines_and_comments_are_joined(ldif: Path) -> None:
    text = "# a comment\n  going on\ndn: CN=a,\n DC=corp,DC=\n test\n# another: one\ndescription: two \n  words\n"
    assert read(ldif, text) == [Entry("CN=a,DC=corp,DC=test", {"description": [b"two  words"]}, 3)]


def test_known_attributes_are_spelled_as_the_directory_does(ldif: Path) -> None:
    entries = read(ldif, "dn: CN=a\nOBJECTCLASS: top\nuserCertificate;binary:: AAE=\nfarAway: 1\n")
    assert entries[0].attributes == {"objectClass": [b"top"], "userCertificate": [b"\0\1"], "farAway": [b"1"]}


@pytest.mark.parametrize(
    "encoded",
    [
        TWO_ENTRIES.encode(),
        TWO_ENTRIES.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF8 + TWO_ENTRIES.encode(),
        TWO_ENTRIES.replace("\n", "\r\n").encode("utf-16"),
        codecs.BOM_UTF16_BE + TWO_ENTRIES.encode("utf-16-be"),
        gzip.compress(TWO_ENTRIES.encode()),
        gzip.compress(TWO_ENTRIES[:40].encode()) + gzip.compress(TWO_ENTRIES[40:].encode()),
        gzip.compress(TWO_ENTRIES.encode("utf-16")),
    ],
    ids=["plain", "crlf", "bom", "utf16", "utf16-be", "gzip", "gzip-in-two-members", "gzip-utf16"],
)
def test_every_encoding_gives_the_same_entries(ldif: Path, encoded: bytes) -> None:
    expected = [
        Entry("CN=a,DC=corp,DC=test", {"cn": [b"a"]}, 1),
        Entry("CN=b,DC=corp,DC=test", {"cn": [b"b"], "description": ["é".encode()]}, 4),
    ]
    assert read(ldif, encoded) == expected


@given(
    values=st.lists(st.binary(max_size=200), min_size=1, max_size=20),
    width=st.integers(2, 90),
    crlf=st.booleans(),
    chunk=st.integers(1, 50),
)
def test_any_bytes_survive_folding_wherever_the_file_is_cut_into_chunks(
    tmp_path_factory: pytest.TempPathFactory, values: list[bytes], width: int, crlf: bool, chunk: int
) -> None:
    lines = ["dn: CN=a", *("value:: " + base64.b64encode(value).decode() for value in values)]
    folded = ["\n ".join([line[:width], *re.findall(f".{{1,{width}}}", line[width:])]) for line in lines]
    text = "\n".join(folded) + "\n\ndn: CN=b\ncn: b\n"
    path = tmp_path_factory.mktemp("ldif") / "dump.ldif"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ldif_text, "_CHUNK_BYTES", chunk)
        entries = read(path, text.replace("\n", "\r\n") if crlf else text)
    assert [entry.attributes for entry in entries] == [{"value": values}, {"cn": [b"b"]}]


def test_an_export_of_ldifde_is_read_although_it_calls_itself_an_addition(ldif: Path) -> None:
    """Only a directory gives an object its objectGUID: no change file has one."""
    text = "dn: CN=a,DC=corp,DC=test\nchangetype: add\nobjectClass: top\nobjectGUID:: AAECAwQFBgcICQoLDA0ODw==\n"
    assert read(ldif, text)[0].attributes.keys() == {"objectClass", "objectGUID"}


@pytest.mark.parametrize("data", [b"\x7fELF\0\0\0\0", bytes(1000)])
def test_a_binary_file_is_refused(ldif: Path, data: bytes) -> None:
    with pytest.raises(InputError, match="is not LDIF text"):
        read(ldif, data)


def test_damaged_utf16_is_refused(ldif: Path) -> None:
    with pytest.raises(InputError, match="not valid UTF-16"):
        read(ldif, codecs.BOM_UTF16_LE + b"d\0n\0:\0\x00\xd8a\0")


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: data[:30], lambda data: data[:20] + b"\xff\xff" + data[22:]]
)
def test_a_damaged_or_truncated_gzip_file_is_refused(ldif: Path, damage: object) -> None:
    assert callable(damage)
    with pytest.raises(InputError, match="damaged or truncated"):
        read(ldif, damage(gzip.compress(TWO_ENTRIES.encode())))


def test_a_gzip_file_that_expands_beyond_measure_is_stopped(ldif: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ldif_text, "_FREE_EXPANSION_BYTES", 1 << 20)
    bomb = gzip.compress(b"dn: CN=a\ncn: a\n\n" * (5 << 17), compresslevel=9)
    with pytest.raises(InputError, match="expands more than 200 times"):
        read(ldif, bomb)


def test_an_entry_without_end_is_stopped(ldif: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ldif_text, "MAX_RECORD_BYTES", 1 << 20)
    monkeypatch.setattr(ldif_text, "_CHUNK_BYTES", 1 << 16)
    with pytest.raises(InputError, match=r"dump\.ldif:3: an entry of more than 1048576 bytes"):
        read(ldif, "dn: CN=a\n\ndn: CN=b\n" + "x: y\n" * (1 << 19))


def test_a_value_and_a_number_of_values_beyond_the_limits_are_refused(
    ldif: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ldif_entries, "MAX_VALUE_BYTES", 1000)
    with pytest.raises(InputError, match=r"dump\.ldif:3: a value of more than 1000 bytes"):
        read(ldif, "dn: CN=a\ncn: a\ndescription: " + "x" * 1001)
    monkeypatch.setattr(ldif_entries, "MAX_ENTRY_VALUES", 10)
    with pytest.raises(InputError, match="more than 10 values"):
        read(ldif, "dn: CN=a\n" + "x: y\n" * 11)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.ldif", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            list(LdifFile(path).entries())


HEADER = (
    "# extended LDIF\n#\n# LDAPv3\n# base <DC=corp,DC=test> with scope subtree\n"
    "# filter: (objectclass=*)\n# requesting: * nTSecurityDescriptor \n#\n\n"
)
ENTRY = "# a, corp.test\ndn: CN=a,DC=corp,DC=test\ncn: a\n\n"
DONE = "# search result\nsearch: 2\nresult: 0 Success\n"
NEXT_PAGE = DONE + "control: 1.2.840.113556.1.4.319 false MAgCAgELBAIxAA==\npagedresults: estimate=267 cookie=MQA=\n"
LAST_PAGE = DONE + "control: 1.2.840.113556.1.4.319 false MAUCAQAEAA==\npagedresults: cookie=\n\n# numEntries: 1\n"


@pytest.mark.parametrize(
    ("text", "entries", "truncated"),
    [
        (HEADER + ENTRY + DONE, 1, ""),
        (HEADER + ENTRY + NEXT_PAGE + HEADER + ENTRY + LAST_PAGE, 2, ""),
        (HEADER + ENTRY + DONE + "\n" + HEADER + ENTRY + DONE, 2, ""),
        (ENTRY, 1, ""),
        (
            HEADER + ENTRY + "# search result\nsearch: 2\nresult: 4 Size limit exceeded\n",
            1,
            "result 4 Size limit exceeded",
        ),
        (
            HEADER + ENTRY + "# search result\nsearch: 2\nresult: 3 Time limit exceeded\n\n" + HEADER + DONE,
            1,
            "result 3",
        ),
        (HEADER + ENTRY, 1, "'result:' line"),
        (HEADER + ENTRY + DONE + "\n" + HEADER + ENTRY, 2, "'result:' line"),
        (HEADER + ENTRY + NEXT_PAGE, 1, "last page"),
        (HEADER + ENTRY + "# search result\n", 1, "'result:' line"),
        (HEADER + ENTRY + "dn: CN=b,DC=corp,DC=test\ncn: cut he", 1, "'result:' line"),
        (HEADER + ENTRY + "dn: CN=b,DC=corp,DC=test\ncn:: Y2", 1, "'result:' line"),
        ("# record 1\ndn: CN=a\ncn: a\n\n# returned 1 records\n# 1 entries\n# 0 referrals\n", 1, ""),
        ("# record 1\ndn: CN=a\ncn: a\n\n# record 2\ndn: CN=b\ncn: b\n\n", 2, "'# returned' line"),
    ],
)
def test_a_dump_that_is_cut_short_is_known_by_its_header_and_trailer(
    ldif: Path, text: str, entries: int, truncated: str
) -> None:
    ldif.write_text(text)
    file = LdifFile(ldif)
    assert len(list(file.entries())) == entries
    assert bool(file.dump.truncated) == bool(truncated)
    assert truncated in file.dump.truncated


def test_the_header_tells_what_was_asked_for_and_referrals_are_listed(ldif: Path) -> None:
    ldif.write_text(
        HEADER + ENTRY + "# search reference\nref: ldap://corp.test/CN=Configuration,DC=corp,DC=test\n\n"
        "# refldap://corp.test/DC=DomainDnsZones,DC=corp,DC=test\n\n" + DONE
    )
    file = LdifFile(ldif)
    assert [entry.dn for entry in file.entries()] == ["CN=a,DC=corp,DC=test"]
    assert file.dump.requested == {"*", "ntsecuritydescriptor"}
    assert file.dump.filters == ["(objectclass=*)"]
    assert file.dump.referrals == [
        "ldap://corp.test/CN=Configuration,DC=corp,DC=test",
        "ldap://corp.test/DC=DomainDnsZones,DC=corp,DC=test",
    ]
