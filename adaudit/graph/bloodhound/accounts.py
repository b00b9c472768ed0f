"""Users, managed service accounts included, and computers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.decode.flags import EncryptionTypes, UserAccountControl
from adaudit.graph.bloodhound.collection import Collection
from adaudit.graph.bloodhound.identifiers import Json, Thing
from adaudit.graph.bloodhound.lookup import Grouped, Row
from adaudit.graph.bloodhound.observed import Observed
from adaudit.graph.bloodhound.values import bit, filetime
from adaudit.schema import TABLES

_SHARED: Final = tuple(
    column.name for column in TABLES["users"].columns if column.name in TABLES["computers"].arrow_schema.names
)
_MSSQL: Final = "mssqlsvc"
_MSSQL_PORT: Final = 1433
_RC4: Final = "RC4-HMAC-MD5"


class Accounts:
    """Accounts with what other tables tell of them."""

    def __init__(self, collection: Collection) -> None:
        facts = collection.facts
        self._collection = collection
        self._spns = Grouped(facts.table("spns"), "object_id", ("spn", "service_class", "host", "port"))
        self._past = Grouped(facts.table("sid_history"), "object_id", ("sid", "source_id"))
        self._delegations = Grouped(facts.table("delegation_targets"), "object_id", ("spn", "target_id"))
        self._rbcd = Grouped(facts.table("delegations"), "target_id", ("kind", "principal_id"))
        self._controllers = {
            id_ for id_, is_rodc in facts.rows("domain_controllers", "object_id", "is_rodc") if not is_rodc
        }
        self._observed = Observed(collection)
        self._hosts = {host.lower(): id_ for id_, host in facts.rows("computers", "object_id", "dns_host_name") if host}

    def users(self) -> Iterator[Json]:
        """Users, then managed service accounts."""
        extra = ("mail", "title", "home_directory")
        for row in self._collection.rows.of_table("users", (*_SHARED, *extra)):
            yield from self._user(row, "users", {})
        for row in self._collection.rows.of_table("managed_service_accounts", (*_SHARED, "kind", "reader_sd_id")):
            kind = {"gmsa": row["kind"] != "smsa", "msa": row["kind"] == "smsa"}
            yield from self._user(row, "managed_service_accounts", kind)

    def computers(self) -> Iterator[Json]:
        extra = ("dns_host_name", "operating_system", "laps_expires_raw", "windows_laps_expires_raw")
        for row in self._collection.rows.of_table("computers", (*_SHARED, *extra)):
            thing = self._collection.identifiers.of_object(row["object_id"])
            if thing is not None:
                yield self._computer(thing, row)

    def _user(self, row: Row, table: str, kind: Json) -> Iterator[Json]:
        collection = self._collection
        thing = collection.identifiers.of_object(row["object_id"])
        if thing is None:
            return
        yield {
            **collection.common(thing, row, readers=row.get("reader_sd_id")),
            **self._shared(row),
            "SPNTargets": list(self._databases(row["object_id"])),
            "Properties": {
                **collection.properties(thing, row, row["sam_account_name"] or row["name"] or ""),
                **self._properties(row, table),
                "email": row.get("mail"),
                "title": collection.text(row.get("title")),
                "homedirectory": collection.text(row.get("home_directory")),
                **kind,
            },
        }

    def _computer(self, thing: Thing, row: Row) -> Json:
        collection = self._collection
        has_laps = self._has_laps(row)
        laps = has_laps is not False
        domain = row["domain_id"]
        account = (row["sam_account_name"] or row["name"] or "").removesuffix("$")
        name = (row["dns_host_name"] or f"{account}.{collection.identifiers.fqdn(domain)}").upper()
        trustees = [r["principal_id"] for r in self._rbcd.of(row["object_id"]) if r["kind"] == "rbcd"]
        is_controller = row["object_id"] in self._controllers
        return {
            **collection.common(thing, row, laps=laps),
            **self._shared(row),
            "AllowedToAct": collection.principals(trustees, domain),
            "DumpSMSAPassword": collection.objects(collection.targets(row["object_id"], "msDS-HostServiceAccount")),
            **self._observed.of(row["principal_id"], thing.identifier, name, domain),
            "DCRegistryData": None,
            "Status": None,
            "SmbInfo": None,
            "IsWebClientRunning": None,
            "NTLMRegistryData": None,
            "IsDC": is_controller,
            "Properties": {
                **collection.properties(thing, row, "", laps=laps),
                "name": name,
                **self._properties(row, "computers"),
                "operatingsystem": row["operating_system"],
                "haslaps": has_laps,
                "isdc": is_controller,
            },
        }

    def _shared(self, row: Row) -> Json:
        collection, object_id, domain = self._collection, row["object_id"], row["domain_id"]
        group = row["primary_group_rid"]
        domain_sid = collection.identifiers.domain_sid(domain)
        reached = (r["target_id"] for r in self._delegations.of(object_id) if r["target_id"] is not None)
        return {
            "PrimaryGroupSID": None if group is None or domain_sid is None else f"{domain_sid}-{group}",
            "AllowedToDelegate": collection.objects(list(reached)),
            "HasSIDHistory": collection.principals([r["source_id"] for r in self._past.of(object_id)], domain),
            "UnconstrainedDelegation": row["trusted_for_delegation"],
            "DomainSID": domain_sid,
        }

    def _properties(self, row: Row, table: str) -> Json:
        collection, object_id = self._collection, row["object_id"]
        spns = [r["spn"] for r in self._spns.of(object_id)]
        past = [r["sid"] for r in self._past.of(object_id)]
        delegated = list(dict.fromkeys(r["spn"] for r in self._delegations.of(object_id)))
        control, computed = row["user_account_control"], row["user_account_control_computed"]

        def known(column: str) -> bool:
            return collection.absence.is_known(table, column, row)

        def listed(values: list[str], from_table: str, column: str) -> list[str] | None:
            return values if values or collection.absence.is_known(from_table, column, row) else None

        services = listed(spns, "spns", "spn")
        return {
            "samaccountname": row["sam_account_name"],
            "displayname": collection.text(row["display_name"]),
            "enabled": row["is_enabled"],
            "admincount": bool(row["admin_count"]) if row["admin_count"] is not None or known("admin_count") else None,
            "hasspn": None if services is None else bool(services),
            "serviceprincipalnames": services,
            "sidhistory": listed(past, "sid_history", "sid"),
            "allowedtodelegate": listed(delegated, "delegations", "spn"),
            "dontreqpreauth": row["preauth_not_required"],
            "passwordnotreqd": row["password_not_required"],
            "pwdneverexpires": row["password_never_expires"],
            "sensitive": row["is_not_delegated"],
            "unconstraineddelegation": row["trusted_for_delegation"],
            "trustedtoauth": row["trusted_to_auth_for_delegation"],
            "smartcardrequired": row["smartcard_required"],
            "encryptedtextpwdallowed": row["password_stored_reversibly"],
            "usedeskeyonly": row["uses_des_only"],
            "logonscriptenabled": bit(control, UserAccountControl.SCRIPT),
            "lockedout": bit(computed, UserAccountControl.LOCKOUT),
            "passwordexpired": bit(computed, UserAccountControl.PASSWORD_EXPIRED),
            "useraccountcontrol": control,
            "supportedencryptiontypes": _encryption_types(row["supported_encryption_types"]),
            "pwdlastset": filetime(row["password_last_set_at"], row["password_last_set_raw"], is_known=False),
            "lastlogon": filetime(row["last_logon_at"], row["last_logon_raw"], is_known=known("last_logon_at")),
            "lastlogontimestamp": filetime(
                row["last_logon_timestamp_at"],
                row["last_logon_timestamp_raw"],
                is_known=known("last_logon_timestamp_at"),
            ),
            "logonscript": collection.text(row["script_path"]),
            "profilepath": collection.text(row["profile_path"]),
        }

    def _has_laps(self, row: Row) -> bool | None:
        if row["laps_expires_raw"] is not None or row["windows_laps_expires_raw"] is not None:
            return True
        columns = ("laps_expires_at", "windows_laps_expires_at")
        return False if all(self._collection.absence.is_known("computers", c, row) for c in columns) else None

    def _databases(self, object_id: int) -> Iterator[Json]:
        """Servers whose SQL Server runs as the account, by its SPNs."""
        for row in self._spns.of(object_id):
            computer = self._collection.identifiers.of_object(self._hosts.get(row["host"] or ""))
            if row["service_class"] == _MSSQL and computer is not None:
                port = row["port"] or ""
                number = int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else _MSSQL_PORT
                yield {"ComputerSID": computer.identifier, "Port": number, "Service": "SQLAdmin"}


def _encryption_types(value: int | None) -> list[str] | None:
    """Names that BloodHound shows."""
    if value is None:
        return None
    names = (str(flag.name).replace("_", "-") for flag in EncryptionTypes if value & flag)
    return [_RC4 if name == "RC4-HMAC" else name for name in names]
