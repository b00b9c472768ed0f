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
        [sys.executable, "-m", "adaudit", "paths", str(CHU), *arguments], capture_output=True, text=True, check=False
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


def test_people_read_the_steps_in_order() -> None:
    lines = run("--from", "SRV-PACS", "--to", "tier0").stdout.splitlines()
    assert lines[0].startswith("path 1, 1 step: SRV-PACS$")
    assert lines[1].startswith("  CoerceToTGT → ")
    assert "CN=SRV-PACS" in lines[2]
