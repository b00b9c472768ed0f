"""computer_creators: who joined a computer."""

from __future__ import annotations

from typing import Any

from adaudit.decode.sid import parse_sid

DOMAIN = "S-1-5-21-1-2-3"


def test_the_creator_of_a_computer_is_told_by_sid(compute: Any) -> None:
    rows = compute(
        principals=[{"principal_id": 7, "sid": f"{DOMAIN}-1104", "rid": 1104, "type": "user"}],
        attributes=[
            {"object_id": 3, "name": "mS-DS-CreatorSID", "position": 0, "bytes": parse_sid(f"{DOMAIN}-1104")},
            {"object_id": 4, "name": "ms-ds-creatorsid", "position": 0, "bytes": parse_sid(f"{DOMAIN}-1999")},
            {"object_id": 5, "name": "mS-DS-CreatorSID", "position": 0, "bytes": b"\x01\x05"},
            {"object_id": 6, "name": "objectVersion", "position": 0, "text": "1"},
        ],
    )["computer_creators"]
    assert [(row["object_id"], row["sid"], row["principal_id"]) for row in rows] == [
        (3, f"{DOMAIN}-1104", 7),
        (4, f"{DOMAIN}-1999", None),
    ]
