"""``adaudit plan`` and ``adaudit what-if`` on a sample: what is promised is what comes out once it is done."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CHU = Path(__file__).parents[2] / "samples" / "chu-valmorand.adsnap"


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "adaudit", command, str(CHU), *arguments], capture_output=True, text=True, check=False
    )


def answer(command: str, *arguments: str) -> dict[str, Any]:
    done = run(command, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_plan_gains_what_it_says_until_nobody_is_left() -> None:
    told = answer("plan")
    left = sum(told["exposed"].values())
    for step in told["plan"]["steps"]:
        left -= step["gain"]
        assert step["left"] == left
    assert left == told["plan"]["irreducible"]
    assert told["plan"]["least"] == len(told["plan"]["steps"])


def test_a_plan_stops_where_it_is_asked_to() -> None:
    whole, short = answer("plan")["plan"]["steps"], answer("plan", "--below", "10")["plan"]["steps"]
    assert short == whole[: len(short)]
    assert short[-1]["left"] <= 10 < short[-2]["left"]


def test_a_plan_that_stops_before_the_end_claims_nothing_of_the_end() -> None:
    assert "Fewest changes possible" in run("plan", "--lang", "en").stdout
    assert "Fewest" not in run("plan", "--lang", "en", "--below", "10").stdout


def test_a_change_that_gains_only_with_others_says_so() -> None:
    assert "works with those that follow" in run("plan", "--lang", "en").stdout


def test_a_change_asked_for_twice_is_made_once() -> None:
    number = str(answer("plan")["plan"]["steps"][0]["number"])
    assert [change["number"] for change in answer("what-if", number, number)["changes"]] == [int(number)]


def test_making_the_changes_of_a_plan_leaves_what_it_said() -> None:
    steps = answer("plan")["plan"]["steps"][:2]
    told = answer("what-if", *(str(step["number"]) for step in steps))
    assert told["after"]["exposed"] == steps[-1]["left"]
    assert told["before"]["exposed"] == steps[0]["left"] + steps[0]["gain"]
    assert told["after"]["score"]["best"] >= told["before"]["score"]["best"]


def test_people_read_the_plan_in_french_unless_they_ask_for_english() -> None:
    assert "peuvent atteindre le Tier 0" in run("plan").stdout
    assert "can reach tier 0" in run("plan", "--lang", "en").stdout


def test_a_change_that_is_not_there_is_refused() -> None:
    done = run("what-if", "99999999")
    assert done.returncode == 2
    assert "there is no change 99999999" in done.stderr
