"""The committed samples are what the generator makes today, and each seed makes one directory."""

from __future__ import annotations

from pathlib import Path

from adaudit.samples import DEFAULT_SEED, HOSPITALS, generate, write_shared_staff
from adaudit.schema import COLLECTED
from adaudit.snapshot import open_snapshot
from tests.samples.conftest import COMMITTED

LARGEST = 1_500_000


def test_the_committed_tables_are_those_the_generator_makes(hospital: str, tmp_path: Path) -> None:
    made = generate(hospital, tmp_path)
    with open_snapshot(made) as new, open_snapshot(COMMITTED / f"{hospital}.adsnap") as committed:
        different = [name for name in COLLECTED if not new.table(name).equals(committed.table(name))]
        assert different == []
        assert new.manifest.as_of == committed.manifest.as_of
    truth = f"{hospital}.truth.toml"
    assert (tmp_path / truth).read_bytes() == (COMMITTED / truth).read_bytes()


def test_the_committed_list_of_shared_staff_is_the_one_the_generator_makes(tmp_path: Path) -> None:
    write_shared_staff(HOSPITALS, tmp_path / "staff.csv", seed=DEFAULT_SEED)
    assert (tmp_path / "staff.csv").read_bytes() == (COMMITTED / "shared-staff.csv").read_bytes()


def test_a_committed_sample_stays_small(hospital: str) -> None:
    assert (COMMITTED / f"{hospital}.adsnap").stat().st_size < LARGEST


def test_the_same_seed_makes_the_same_file_and_another_one_does_not(tmp_path: Path) -> None:
    for name, seed in (("first", 3), ("second", 3), ("other", 4)):
        (tmp_path / name).mkdir()
        generate("hl-troisormes", tmp_path / name, seed=seed)
    first, second, other = ((tmp_path / n / "hl-troisormes.adsnap").read_bytes() for n in ("first", "second", "other"))
    assert first == second
    assert first != other
