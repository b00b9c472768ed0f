"""``adaudit paths`` on a sample: the ways that exist, in the documented form, and errors that help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHU = Path(__file__).parents[2] / "samples" / "chu-valmorand.adsnap"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "adaudit", "paths", str(CHU), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def answer(*arguments: str) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_path_is_told_node_by_node_with_the_proof_of_each_step() -> None:
    told = answer("--from", "SRV-PACS", "--to", "tier0")
    assert set(told) == {"format", "paths"}
    assert told["format"] == 1
    [path] = told["paths"]
    assert path["length"] == 1
    assert [set(node) for node in path["nodes"]] == [{"key", "name", "type"}] * 2
    [edge] = path["edges"]
    assert (edge["source"], edge["target"]) == tuple(node["key"] for node in path["nodes"])
    assert edge["kind"] == "CoerceToTGT"
    assert edge["evidence"]["attribute"] == "userAccountControl"
    assert edge["evidence"]["object"]["dn"].startswith("CN=SRV-PACS,")


def test_paths_between_two_names_are_told_shortest_first() -> None:
    told = answer("--from", "pascal.querulard", "--to", "tier0", "--most", "3")
    lengths = [path["length"] for path in told["paths"]]
    assert lengths == sorted(lengths)
    assert lengths[:2] == [2, 3]
    assert all(len(path["nodes"]) == path["length"] + 1 for path in told["paths"])


def test_no_path_is_an_empty_list() -> None:
    assert answer("--from", "Invités du domaine", "--to", "tier0")["paths"] == []


def test_an_ace_on_the_way_is_told_as_sddl() -> None:
    told = answer("--from", "Ordinateurs du domaine", "--to", "tier0")
    ace = told["paths"][0]["edges"][0]["evidence"]["ace"]
    assert ace["sddl"].endswith("-515)")
    assert not ace["is_inherited"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("pascal.querular", "near it: pascal.querulard"), ("absolument-personne", "nothing is called")],
)
def test_an_unknown_name_is_an_error_with_candidates(name: str, said: str) -> None:
    done = run("--from", name, "--to", "tier0", "--json")
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_an_end_left_out_asks_for_all_that_is_reached() -> None:
    reached = {each["name"]: each["distance"] for each in answer("--from", "SRV-PACS")["reached"]}
    assert reached["Ordinateurs du domaine"] == 1
    assert "pascal.querulard" in {each["name"] for each in answer("--to", "tier0")["reached"]}


def test_neither_end_is_refused() -> None:
    assert run().returncode == 2


def lines_of(*arguments: str) -> list[str]:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_people_read_the_steps_in_order_in_french() -> None:
    lines = lines_of("--from", "SRV-PACS", "--to", "tier0")
    assert lines[0] == "Chemin 1, 1 étape : SRV-PACS$ (ordinateur, chu.valmorand.example)"
    assert lines[1].startswith("  → garde les tickets de chu.valmorand.example ")
    assert lines[1].endswith(" [CoerceToTGT]")
    assert lines[2] == "      Porté par : SRV-PACS$ (ordinateur)"
    assert lines[3].startswith("      DN : CN=SRV-PACS,")
    assert "      Attribut, droit ou réglage : userAccountControl" in lines


def test_people_read_the_same_steps_in_english_when_they_ask_for_it() -> None:
    lines = lines_of("--from", "SRV-PACS", "--to", "tier0", "--lang", "en")
    assert lines[0] == "path 1, 1 step: SRV-PACS$ (computer, chu.valmorand.example)"
    assert lines[1].endswith(" [CoerceToTGT]")
    assert lines[2] == "      Borne by: SRV-PACS$ (computer)"
    assert len(lines) == len(lines_of("--from", "SRV-PACS", "--to", "tier0"))


@pytest.mark.parametrize(
    ("arguments", "french", "english"),
    [
        (("--to", "tier0"), "Qui atteint tier0 : ", "who reach tier0: "),
        (("--from", "SRV-PACS"), "À la portée de SRV-PACS : ", "reached from SRV-PACS: "),
        (("--from", "Invités du domaine", "--to", "tier0"), "Aucun chemin de Invités", "no path from Invités"),
    ],
)
def test_every_form_of_the_question_is_answered_in_the_language_asked(
    arguments: tuple[str, ...], french: str, english: str
) -> None:
    assert lines_of(*arguments)[0].startswith(french)
    assert lines_of(*arguments, "--lang", "en")[0].startswith(english)


def test_a_well_known_identity_bears_the_name_of_its_language_and_the_sid_to_ask_for() -> None:
    asked = ("--from", "S-1-5-11", "--to", "tier0")
    assert lines_of(*asked)[0].endswith(": Utilisateurs authentifiés (identité bien connue, S-1-5-11)")
    assert lines_of(*asked, "--lang", "en")[0].endswith(": Authenticated Users (well-known identity, S-1-5-11)")


def test_the_answer_for_scripts_is_the_same_in_every_language() -> None:
    asked = ("--from", "S-1-5-11", "--to", "tier0")
    assert answer(*asked)["paths"][0]["nodes"][0]["name"] == "Authenticated Users"
    assert answer(*asked, "--lang", "fr") == answer(*asked, "--lang", "en")
