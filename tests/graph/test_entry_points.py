"""Files of entry points."""

from __future__ import annotations

from pathlib import Path

import pytest

from adaudit.errors import InputError
from adaudit.graph.answers.entry_points import LONGEST, MOST_BYTES, MOST_ENTRIES, read_entry_points


def read(tmp_path: Path, content: bytes | str) -> tuple[str, ...]:
    path = tmp_path / "hosts.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_entry_points(path)


@pytest.mark.parametrize(
    "content",
    [
        "vpn.chu.example\nsrv-été\n",
        "host\nvpn.chu.example\nsrv-été\n",
        "\ufeffHost,port\r\nvpn.chu.example,443\r\nsrv-été,80\r\n",
        "port;NAME;note\n443;vpn.chu.example;«;»\n80; srv-été ;\n",
        "vpn.chu.example\n\nsrv-été\nvpn.chu.example",
        'host\n"vpn.chu.example"\nsrv-été',
    ],
)
def test_names_come_in_order_once_whatever_the_header(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content) == ("vpn.chu.example", "srv-été")


def test_a_sid_says_more_than_a_name(tmp_path: Path) -> None:
    assert read(tmp_path, "name,sid\nvpn,S-1-5-21-1-2-3-1104\nweb,\n") == ("S-1-5-21-1-2-3-1104", "web")


def test_an_empty_file_names_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "") == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"h\xe9te\n", "hosts.csv: is not UTF-8 .byte 1"),
        ("a,b\nc,d\n", "hosts.csv:1: has several columns"),
        ('host\n"vpn\n', "hosts.csv:2: is not CSV"),
        ("host\nvpn\n" + "x" * (LONGEST + 1), "hosts.csv:3: a name is longer"),
        ("x" * (MOST_BYTES + 1), "hosts.csv: is larger than"),
        ("\n".join(map(str, range(MOST_ENTRIES + 1))), "hosts.csv: names more than"),
    ],
)
def test_any_other_file_is_refused_with_its_place(tmp_path: Path, content: bytes | str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv: cannot be read"):
        read_entry_points(tmp_path / "absent.csv")
