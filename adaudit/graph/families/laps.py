"""ReadLAPSPassword: who may read the password of a computer's local administrator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts, Ids
from adaudit.graph.blocks import Block
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.shares import READ, USE, Reader


class _Secret(NamedTuple):
    """An attribute that holds a password. ``expires``: column of ``computers`` that is filled where it is in use;
    ``of_controllers``: on domain controllers alone, on other computers alone, or (None) on either."""

    attribute: str
    expires: str
    of_controllers: bool | None
    is_encrypted: bool


_SECRETS: Final = (
    _Secret("ms-Mcs-AdmPwd", "laps_expires_raw", None, False),
    _Secret("msLAPS-Password", "windows_laps_expires_raw", False, False),
    _Secret("msLAPS-EncryptedPassword", "windows_laps_expires_raw", False, True),
    _Secret("msLAPS-EncryptedDSRMPassword", "windows_laps_expires_raw", True, True),
)
"""Passwords of legacy and of Windows LAPS; of a domain controller, that of its restore mode."""


def laps(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """One edge for each ACE that lets somebody read the password of a computer that LAPS manages.

    The attribute is confidential, so reading it takes a control access right on it, on its property set or on all
    (MS-ADTS 3.1.1.4.4), beside the right to read properties of computers, which everybody has by default and which is
    not asked for here; where the schema says that it is not confidential, that right is enough. Whom an encrypted
    password is encrypted for cannot be seen: it is uncertain, and told where an ACE names it. GUIDs are those of this
    forest's schema: without it, no edge but those of rights over the whole object. Disabled computers are left out.
    """
    managed = [_managed(facts, secret) for secret in _SECRETS]
    reader = Reader(facts, np.unique(np.concatenate(managed)))
    for secret, computers in zip(_SECRETS, managed, strict=True):
        guids, is_confidential = _in_schema(facts, secret.attribute)
        right = USE if is_confidential else READ
        shares = reader.held_alone(reader.shares(computers, right, guids, is_named=secret.is_encrypted))
        difficulty = Difficulty.UNCERTAIN if secret.is_encrypted else None
        targets = nodes.of_objects(shares.object_id)
        yield shares.block("ReadLAPSPassword", nodes, targets, secret.attribute, difficulty)


def _in_schema(facts: Facts, attribute: str) -> tuple[set[str], bool]:
    """GUIDs that stand for an attribute, and whether it is confidential, as it is when nothing was read of it."""
    rows = facts.rows("schema_attributes", "name", "guid", "property_set", "is_confidential")
    for name, guid, property_set, is_confidential in rows:
        if (name or "").lower() == attribute.lower():
            return {each for each in (guid, property_set) if each}, is_confidential is not False
    return set(), True


def _managed(facts: Facts, secret: _Secret) -> Ids:
    """Computers of which LAPS keeps that password, in order."""
    computers = facts.table("computers")
    here = computers.filter(pc.and_(computers[secret.expires].is_valid(), computers["is_enabled"].fill_null(True)))
    if secret.of_controllers is not None:
        is_controller = here["is_server_account"].fill_null(False)
        here = here.filter(pc.equal(is_controller, pa.scalar(secret.of_controllers)))
    return np.sort(Facts({"computers": here}).ids("computers", "object_id"))
