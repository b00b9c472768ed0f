"""The naming contexts and domains of the forest, from what the source told and what CN=Partitions says."""

from __future__ import annotations

from dataclasses import dataclass, field

from adaudit.errors import InputError
from adaudit.ingest.names import dn_key, is_below, parent_of

_IN_FOREST, _DOMAIN = 0x1, 0x2  # systemFlags of a crossRef (MS-ADTS 6.1.1.2.1.1)


@dataclass
class Partition:
    dn: str
    kind: str
    is_collected: bool
    domain_key: str = ""


@dataclass
class Domain:
    dn: str
    dns_name: str
    netbios_name: str | None = None
    sid: str | None = None
    is_collected: bool = False


@dataclass(frozen=True)
class CrossRef:
    """One object of CN=Partitions."""

    partition_dn: str
    dns_name: str | None
    netbios_name: str | None
    system_flags: int


@dataclass
class Forest:
    """Domains and naming contexts by DN key; ``root`` is the DN key of the forest root domain."""

    domains: dict[str, Domain] = field(default_factory=dict)
    partitions: dict[str, Partition] = field(default_factory=dict)
    root: str = ""

    def partition_of(self, key: str) -> str | None:
        """The DN key of the naming context that holds the object of DN key ``key``."""
        held = [head for head in self.partitions if is_below(key, head)]
        return max(held, key=len) if held else None


def assemble(told: list[tuple[str, bool]], cross_refs: list[CrossRef], heads: dict[str, tuple[str, str]]) -> Forest:
    """Put the forest together.

    ``told``: naming contexts given by the source, and whether each was read. ``heads``: DN key → (DN, SID) of
    the domain heads that were read. Raises InputError when they are of several forests.
    """
    forest = Forest()
    for dn, is_collected in told:
        known = forest.partitions.setdefault(dn_key(dn), Partition(dn, kind_of(dn), is_collected))
        known.is_collected |= is_collected
    for ref in cross_refs:
        if ref.system_flags & _IN_FOREST:
            key = dn_key(ref.partition_dn)
            forest.partitions.setdefault(key, Partition(ref.partition_dn, kind_of(key), is_collected=False))
    for key, (dn, _) in heads.items():
        forest.partitions.setdefault(key, Partition(dn, "domain", is_collected=True))
    names = {dn_key(ref.partition_dn): ref for ref in cross_refs}
    applications = {key for key, ref in names.items() if not ref.system_flags & _DOMAIN}
    for key, partition in forest.partitions.items():
        if partition.kind == "domain" and key in applications and key not in heads:
            partition.kind = "application"
    _one_forest(forest)
    forest.root = _root(forest)
    for key, partition in forest.partitions.items():
        if partition.kind == "domain":
            forest.domains[key] = _domain(key, partition, names.get(key), heads.get(key))
    if forest.root not in forest.domains:
        forest.domains[forest.root] = Domain(forest.root, dns_name_of(forest.root))
    for key, partition in forest.partitions.items():
        partition.domain_key = _domain_key(key, forest)
    return forest


def dns_name_of(key: str) -> str:
    """The DNS name that a DN of DC components spells."""
    return ".".join(part[3:] for part in key.split(",") if part.startswith("dc="))


def kind_of(dn: str) -> str:
    """The kind of a naming context (``partitions.kind``) by its DN alone: an application partition that bears
    the DN of a DNS name is taken for a domain, which its crossRef alone tells."""
    key = dn_key(dn)
    for start, kind in (
        ("cn=schema,cn=configuration,", "schema"),
        ("cn=configuration,", "configuration"),
        ("dc=domaindnszones,", "domain_dns"),
        ("dc=forestdnszones,", "forest_dns"),
        ("dc=", "domain"),
    ):
        if key.startswith(start):
            return kind
    return "application"


def _one_forest(forest: Forest) -> None:
    heads = [partition.dn for partition in forest.partitions.values() if partition.kind == "configuration"]
    if len(heads) > 1:
        raise InputError(f"{heads[0]} and {heads[1]} are of two forests; a snapshot holds one")


def _root(forest: Forest) -> str:
    for key, partition in forest.partitions.items():
        if partition.kind == "configuration":
            return parent_of(key)
    domains = [key for key, partition in forest.partitions.items() if partition.kind == "domain"]
    return min(domains, key=lambda key: (key.count(","), key), default="")


def _domain(key: str, partition: Partition, ref: CrossRef | None, head: tuple[str, str] | None) -> Domain:
    dns_name = ref.dns_name.lower() if ref and ref.dns_name else dns_name_of(key)
    return Domain(
        partition.dn, dns_name, ref.netbios_name if ref else None, head[1] if head else None, partition.is_collected
    )


def _domain_key(key: str, forest: Forest) -> str:
    above = [domain for domain in forest.domains if is_below(key, domain)]
    kind = forest.partitions[key].kind
    if kind in ("domain", "domain_dns", "application") and above:
        return max(above, key=len)
    return forest.root
