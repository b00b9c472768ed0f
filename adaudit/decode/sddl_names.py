"""The two-letter names of SDDL (MS-DTYP 2.5.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "WD": "S-1-1-0",
        "CO": "S-1-3-0",
        "CG": "S-1-3-1",
        "OW": "S-1-3-4",
        "NU": "S-1-5-2",
        "IU": "S-1-5-4",
        "SU": "S-1-5-6",
        "AN": "S-1-5-7",
        "ED": "S-1-5-9",
        "PS": "S-1-5-10",
        "AU": "S-1-5-11",
        "RC": "S-1-5-12",
        "SY": "S-1-5-18",
        "LS": "S-1-5-19",
        "NS": "S-1-5-20",
        "BA": "S-1-5-32-544",
        "BU": "S-1-5-32-545",
        "BG": "S-1-5-32-546",
        "PU": "S-1-5-32-547",
        "AO": "S-1-5-32-548",
        "SO": "S-1-5-32-549",
        "PO": "S-1-5-32-550",
        "BO": "S-1-5-32-551",
        "RE": "S-1-5-32-552",
        "RU": "S-1-5-32-554",
        "RD": "S-1-5-32-555",
        "NO": "S-1-5-32-556",
        "MU": "S-1-5-32-558",
        "LU": "S-1-5-32-559",
        "IS": "S-1-5-32-568",
        "CY": "S-1-5-32-569",
        "ER": "S-1-5-32-573",
        "CD": "S-1-5-32-574",
        "RA": "S-1-5-32-575",
        "ES": "S-1-5-32-576",
        "MS": "S-1-5-32-577",
        "HA": "S-1-5-32-578",
        "AA": "S-1-5-32-579",
        "RM": "S-1-5-32-580",
        "WR": "S-1-5-33",
        "UD": "S-1-5-84-0-0-0-0-0",
        "AC": "S-1-15-2-1",
        "LW": "S-1-16-4096",
        "ME": "S-1-16-8192",
        "MP": "S-1-16-8448",
        "HI": "S-1-16-12288",
        "SI": "S-1-16-16384",
        "AS": "S-1-18-1",
        "SS": "S-1-18-2",
    }
)

DOMAIN_RIDS: Mapping[str, int] = MappingProxyType(
    {
        "LA": 500,
        "LG": 501,
        "DA": 512,
        "DU": 513,
        "DG": 514,
        "DC": 515,
        "DD": 516,
        "CA": 517,
        "PA": 520,
        "CN": 522,
        "AP": 525,
        "KA": 526,
        "RS": 553,
    }
)
"""Names of groups and accounts of the domain."""

ROOT_DOMAIN_RIDS: Mapping[str, int] = MappingProxyType({"RO": 498, "SA": 518, "EA": 519, "EK": 527})
"""Names of groups of the forest root domain."""

ACE_TYPES: Mapping[str, int] = MappingProxyType(
    {
        "A": 0x00,
        "D": 0x01,
        "AU": 0x02,
        "AL": 0x03,
        "OA": 0x05,
        "OD": 0x06,
        "OU": 0x07,
        "OL": 0x08,
        "XA": 0x09,
        "XD": 0x0A,
        "ZA": 0x0B,
        "XU": 0x0D,
        "ML": 0x11,
        "RA": 0x12,
        "SP": 0x13,
    }
)

ACE_FLAGS: Mapping[str, int] = MappingProxyType(
    {"OI": 0x01, "CI": 0x02, "NP": 0x04, "IO": 0x08, "ID": 0x10, "SA": 0x40, "FA": 0x80}
)

RIGHTS: Mapping[str, int] = MappingProxyType(
    {
        "GA": 0x10000000,
        "GX": 0x20000000,
        "GW": 0x40000000,
        "GR": 0x80000000,
        "CC": 0x1,
        "DC": 0x2,
        "LC": 0x4,
        "SW": 0x8,
        "RP": 0x10,
        "WP": 0x20,
        "DT": 0x40,
        "LO": 0x80,
        "CR": 0x100,
        "SD": 0x10000,
        "RC": 0x20000,
        "WD": 0x40000,
        "WO": 0x80000,
    }
)
"""Rights written one bit each."""

COMPOUND_RIGHTS: Mapping[str, int] = MappingProxyType(
    {
        "FA": 0x1F01FF,
        "FR": 0x120089,
        "FW": 0x120116,
        "FX": 0x1200A0,
        "KA": 0xF003F,
        "KR": 0x20019,
        "KW": 0x20006,
        "KX": 0x20019,
    }
)
"""Names of file and registry rights, read but not written."""
