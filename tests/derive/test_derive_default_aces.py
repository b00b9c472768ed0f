"""Default descriptors of classes, read from their text."""

from __future__ import annotations


def test_each_ace_is_told_with_its_trustee_in_whichever_domain(compute):
    text = "D:(A;;RPLC;;;AU)(OA;CI;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;DU)(D;;SD;;;WD)"
    rows = compute(schema_classes=[{"object_id": 7, "name": "user", "default_sddl": text}])["default_aces"]
    assert [(r["position"], r["is_allow"], r["mask"], r["trustee"], r["is_explicit"]) for r in rows] == [
        (0, True, 0x14, "S-1-5-11", False),
        (1, True, 0x100, "RID 513", False),
        (2, False, 0x10000, "S-1-1-0", False),
    ]
    assert rows[1]["object_type"] == "ab721a53-1e2f-11d0-9819-00aa0040529b"


def test_a_sid_of_one_domain_written_out_is_told_apart(compute):
    text = "D:(A;;GA;;;S-1-5-21-1-2-3-1604)"
    (row,) = compute(schema_classes=[{"object_id": 7, "default_sddl": text}])["default_aces"]
    assert (row["trustee"], row["is_explicit"]) == ("S-1-5-21-1-2-3-1604", True)


def test_blanks_between_sections_do_not_matter_and_no_text_means_no_row(compute):
    rows = compute(
        schema_classes=[
            {"object_id": 7, "default_sddl": "O:BAG:BAD: (A;;RP;;;AU)"},
            {"object_id": 8, "default_sddl": None},
        ]
    )["default_aces"]
    assert [(r["class_id"], r["trustee"], r["error"]) for r in rows] == [(7, "S-1-5-11", None)]


def test_a_text_that_cannot_be_read_is_told(compute):
    (row,) = compute(schema_classes=[{"object_id": 7, "name": "x", "default_sddl": "D:(A;;RP;;;"}])["default_aces"]
    assert row["position"] is None
    assert row["error"]
