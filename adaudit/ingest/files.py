"""Files of SYSVOL, the settings in them and the answers to probes, on their way to their tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from adaudit.ingest.names import dn_key
from adaudit.ingest.stage import Stage
from adaudit.schema import COLLECTED

if TYPE_CHECKING:
    from adaudit.decode.group_policy import Setting

FILE_TABLES = ("sysvol_files", "gpo_settings")
"""Tables filled from SYSVOL."""

_TEXT = pa.string()
_SIDES = {"machine": "computer", "user": "user"}


def _declared(table: str, *, without: tuple[str, ...]) -> list[pa.Field]:
    return [field for field in COLLECTED[table].arrow_schema if field.name not in without]


_DOMAIN = pa.field("domain_key", _TEXT)
_SCHEMAS = {
    "files": pa.schema(
        [
            _DOMAIN,
            pa.field("folder", _TEXT),
            pa.field("sd", pa.int32()),
            *_declared("sysvol_files", without=("domain_id", "gpo_id", "sd_id")),
        ]
    ),
    "settings": pa.schema(
        [_DOMAIN, pa.field("folder", _TEXT), *_declared("gpo_settings", without=("domain_id", "gpo_id"))]
    ),
    "file_gaps": pa.schema(
        [_DOMAIN, *(pa.field(name, _TEXT) for name in ("folder", "path", "table_name", "column_name"))]
        + [pa.field(name, _TEXT) for name in ("status", "reason", "detail")]
    ),
    "probes": COLLECTED["probes"].arrow_schema,
}
"""``folder``: the policy's folder below SYSVOL, in lower case; empty outside of policies."""


class Files:
    """The stages of what does not come from the directory. ``describe`` numbers a descriptor of a role."""

    def __init__(self, folder: Path, describe: Callable[[str, list[bytes]], int]) -> None:
        self.stages = {name: Stage(folder, name, schema) for name, schema in _SCHEMAS.items()}
        self._describe = describe

    def file(
        self,
        domain: str,
        path: str,
        *,
        is_folder: bool,
        size: int | None,
        modified_at: datetime | None,
        sha256: str | None,
        descriptor: bytes | None,
        error: str | None,
    ) -> None:
        policy, _ = split_path(path)
        sd = self._describe("file", [descriptor]) if descriptor is not None else None
        row = (policy, is_folder, size, modified_at, sha256, error)
        self._append("files", (dn_key(domain), _folder(path, policy), sd, path, *row))

    def setting(self, domain: str, path: str, position: int, setting: Setting) -> None:
        policy, file = split_path(path)
        side = _SIDES.get(file.partition("\\")[0].lower(), "both") if policy else "both"
        texts = (setting.kind, setting.section, setting.name, setting.value, setting.value_type)
        row = (policy, side, file, *texts, setting.is_secret, position)
        self._append("settings", (dn_key(domain), _folder(path, policy), *row))

    def gap(
        self, domain: str, path: str, table: str, column: str, status: str, reason: str, detail: str | None
    ) -> None:
        policy, _ = split_path(path)
        place = (dn_key(domain), _folder(path, policy), path)
        self._append("file_gaps", (*place, table, column, status, reason, detail))

    def probe(self, server: str, probe: str, name: str, value: str, asked_at: datetime, asked_by: str | None) -> None:
        self._append("probes", (server, probe, name, value, asked_at, asked_by))

    def _append(self, stage: str, row: tuple[object, ...]) -> None:
        self.stages[stage].append(row)
        self.stages[stage].flush_if_full()


def split_path(path: str) -> tuple[str, str]:
    """The policy folder that a path below SYSVOL is in, empty when in none, and the path below that folder.

    Outside of policies the second is the path below the domain's folder.
    """
    parts = path.split("\\")
    if len(parts) > 2 and parts[1].lower() == "policies" and parts[2].startswith("{"):
        return parts[2], "\\".join(parts[3:])
    return "", "\\".join(parts[1:])


def _folder(path: str, policy: str) -> str:
    return "\\".join(path.split("\\")[:3]).lower() if policy else ""


POLICY_FOLDERS = r"""
create temp table policy_folders as
with folders as (
    select distinct d.domain_id, f.folder, string_split(f.folder, '\')[3] as policy
    from s_files f join known_domains d on d.dn_key = f.domain_key where f.folder <> ''
), told as (
    select object_id, domain_id, lower(name) as policy,
        rtrim(lower(regexp_replace(file_system_path, '^\\\\[^\\]+\\[^\\]+\\', '')), '\') as folder
    from gpos
)
select f.domain_id, f.folder, arg_min(t.object_id, (t.folder is distinct from f.folder, t.object_id)) as gpo_id
from folders f left join told t on t.domain_id = f.domain_id and (t.folder = f.folder or t.policy = f.policy)
group by f.domain_id, f.folder
"""
"""The GPO of each policy folder: the one whose gPCFileSysPath leads there, else the one of that name."""

FILE_RELATIONS = {
    "sysvol_files": """
        select d.domain_id, f.path, p.gpo_id, f.policy, f.is_folder, f.size, f.modified_at, f.sha256, s.sd_id, f.error
        from s_files f join known_domains d on d.dn_key = f.domain_key
        left join policy_folders p on p.domain_id = d.domain_id and p.folder = f.folder
        left join sd_ids s on s.sd = f.sd and s.domain_id = d.domain_id
        order by d.domain_id, f.path
    """,
    "gpo_settings": """
        select d.domain_id, p.gpo_id, s.* exclude (domain_key, folder)
        from s_settings s join known_domains d on d.dn_key = s.domain_key
        left join policy_folders p on p.domain_id = d.domain_id and p.folder = s.folder
        order by d.domain_id, s.policy, s.file, s.position
    """,
    "probes": "select * from s_probes order by all",
}

FILE_GAPS = r"""
insert into gaps
with read as (
    select distinct d.domain_id from s_files f join known_domains d on d.dn_key = f.domain_key
), wholly as (
    select distinct d.domain_id from s_file_gaps g join known_domains d on d.dn_key = g.domain_key where g.path = ''
), tables as (select unnest($tables) as table_name)
select g.table_name, g.column_name, d.domain_id, p.gpo_id, null, g.status, g.reason, g.detail
from s_file_gaps g join known_domains d on d.dn_key = g.domain_key
left join policy_folders p on p.domain_id = d.domain_id and p.folder = g.folder
union all
select t.table_name, '*', d.domain_id, null, null, 'not_attempted', 'not_in_source', 'SYSVOL of ' || d.dns_name
from known_domains d, tables t where d.domain_id not in (from read union from wholly)
union all
select 'gpo_settings', '*', g.domain_id, g.object_id, null, 'denied', 'reference_unseen',
    coalesce(g.file_system_path, g.name)
from gpos g where g.domain_id in (from read except from wholly)
    and not exists (select 1 from policy_folders p where p.gpo_id = g.object_id)
union all
select 'sysvol_files', 'sd_id', f.domain_id, f.gpo_id, null, 'failed', 'malformed', f.path || ': ' || s.error
from sysvol_files f join security_descriptors s using (sd_id) where s.error is not null
"""
"""What was told of SYSVOL, domains of which nothing was, GPOs whose folder was not seen, malformed descriptors."""
