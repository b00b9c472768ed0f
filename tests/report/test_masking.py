"""Passwords in text are masked, ordinary sentences are not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.report.masking import MASK, mask

SECRET = "Hopital2024!"


@pytest.mark.parametrize(
    "text",
    [
        "mdp : {}",
        "mdp:{}",
        "MDP={}",
        "Mdp {}",
        "M.D.P. : {}",
        "mot de passe : {}",
        "Mot de passe temporaire: {}",
        "mot de passe du compte labo = {}",
        "mot-de-passe -> {}",
        "motdepasse={}",
        "mots de passe: {}",
        "mot de passe est {}",
        "le mdp c'est quoi ? mdp c'est {}",
        "password: {}",
        "PASSWORD={}",
        "Password is {}",
        "pass: {}",
        "passwd={}",
        "passphrase : {}",
        "passcode = {}",
        "pwd:{}",
        "pwd {}",
        "pw: {}",
        "login/pass: admin/{}",
        "login: admin pwd: {}",
        "svc_pwd={}",
        'password="{}"',
        "password ('{}')",
        "password2: {}",
        "cpassword={}",
        "compte scanner (mdp {})",
        "{} (mdp)",
        "ftp://scan:{}@nas.chu.example/depot",
        "net use \\\\nas\\scan /user:CHU\\scan {}",
        "outil.exe -p {}",
        "m\u200bd\u200bp : {}",
        "mot\u00a0de\u00a0passe\u00a0: {}",
        "ｐａｓｓｗｏｒｄ：{}",
        "p\u00adass: {}",
        "mdp\t:\t{}",
        "Automate labo\nmdp : {}\nposte 4512",
        "CN=Scanner mdp\\={},OU=Imagerie,DC=chu,DC=example",
        "CN=scanner pwd {},OU=Imagerie,DC=chu,DC=example",
        "code secret : {}",
    ],
)
def test_a_password_beside_a_word_that_announces_it_is_masked(text: str) -> None:
    masked = mask(text.format(SECRET))
    assert SECRET not in masked
    assert "2024" not in masked
    assert MASK in masked


@pytest.mark.parametrize("value", ["azerty", "a b c", "12/34", "-Toto;Titi,1", "é€ù", "'quoted' more"])
def test_any_value_after_a_separator_is_masked_to_the_end_of_the_line(value: str) -> None:
    assert mask(f"compte labo, mdp : {value}\nposte 4512") == f"compte labo, mdp : {MASK}\nposte 4512"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Secrétariat de cardiologie, poste 4512",
        "CN=Password Settings Container,CN=System,DC=chu,DC=example",
        "Windows LAPS Password Reset",
        "mot de passe oublié",
        "mot de passe changé le 12/03/2026",
        "password never expires",
        "Passeport vaccinal",
        "bypass=on",
        "compass: north",
        "passerelle: 10.0.0.1",
        "passage : lundi",
        "DENIED_RODC_PASSWORD_REPLICATION",
        "Groupe autorisé à répliquer le mot de passe RODC",
        "https://intranet.chu.example/mdp",
        "MSSQLSvc/sql1.chu.example:1433",
        "S-1-5-21-1111-2222-3333-1104",
        "2026-11-01T00:00:00Z",
        "Compte d'urgence au coffre",
    ],
)
def test_an_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert mask(text) == text


def test_what_follows_a_masked_component_of_a_dn_stays_readable() -> None:
    assert mask("CN=labo mdp: Toto\\, 12,OU=Labo,DC=chu,DC=example") == f"CN=labo mdp: {MASK},OU=Labo,DC=chu,DC=example"


def test_a_mask_does_not_tell_the_length() -> None:
    assert mask("mdp: a") == mask("mdp: " + "a" * 40)


@given(st.text(), st.sampled_from(["mdp:", "Mot de passe : ", "password=", "pwd: "]), st.integers(1000, 9999))
def test_a_password_is_masked_whatever_stands_before_it(before: str, announced: str, number: int) -> None:
    secret = f"Zq{number}wX"
    assert secret not in mask(f"{before} {announced}{secret}")


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize("unit", ["mdp ", "mot de passe ", "pass(", "pass a ", "/u:", "://:", "pw\u200b", "password:"])
def test_hostile_repetitions_take_no_time(unit: str) -> None:
    start = time.process_time()
    mask(unit * 4000)
    assert time.process_time() - start < 2
