"""A collection leaves no trace but the server's own bookkeeping of logons: by Samba's audit log, and by what lies
on its disk before and after."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.testbed import AuditLog, Directory, database_state, files_state, running
from tests.testbed.audit import FileOperation, State

pytestmark = pytest.mark.samba

LOGON_BOOKKEEPING = {"lastLogon", "lastLogonTimestamp", "logonCount", "badPwdCount", "badPasswordTime"}
"""What a domain controller writes by itself on the account that authenticates."""

OF_ANY_CHANGE = {"whenChanged", "uSNChanged", "replPropertyMetaData"}
"""What a domain controller notes on the object with each change."""

LOCAL_SYSTEM = "S-1-5-18"

READING = {
    *("connect", "disconnect", "connectpath", "chdir", "getwd", "realpath", "close", "closedir"),
    *("readdir", "fdopendir", "rewinddir", "seekdir", "telldir", "stat", "fstat", "lstat", "freaddir_attr"),
    *("pread", "pread_send", "pread_recv", "readlinkat", "fget_nt_acl", "get_nt_acl_at", "sys_acl_blob_get_fd"),
    *("fgetxattr", "flistxattr", "getxattrat_send", "getxattrat_recv", "fget_dos_attributes"),
    *("disk_free", "get_quota", "statvfs", "fs_capabilities", "fs_file_id", "file_id_create", "get_alloc_size"),
    *("get_dfs_referrals", "translate_name", "streams_info", "fstreaminfo", "lseek", "get_real_filename"),
    *("get_real_filename_at", "strict_lock_check", "getlock", "fcntl"),
}
"""Operations of smbd that change no file; ``create_file`` and ``openat`` are judged by what they ask."""

WRITE_ACCESS = 0x2 | 0x4 | 0x10 | 0x40 | 0x100 | 0x10000 | 0x40000 | 0x80000 | 0x02000000 | 0x10000000 | 0x40000000
"""Access rights to write data, attributes, descriptors or owner, to append, to delete, or all that is possible
(MS-SMB2 2.2.13.1)."""


@dataclass(frozen=True)
class Around:
    """A controller, what it logged of the collection, and what lay on its disk before and after."""

    directory: Directory
    authentications: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    file_operations: list[FileOperation]
    before: State
    after: State
    files_before: dict[str, tuple[int, int, str]]
    files_after: dict[str, tuple[int, int, str]]


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Around]:
    with running("baseline", audited=True) as directory:
        before, files_before = database_state(directory.folder), files_state(directory.sysvol)
        collect(directory, tmp_path_factory.mktemp("read-only") / "corp.adsnap")
        after, files_after = database_state(directory.folder), files_state(directory.sysvol)
        log = AuditLog(directory.folder)
        logged = (log.authentications(), log.changes(), log.file_operations())
        yield Around(directory, *logged, before, after, files_before, files_after)


def collect(directory: Directory, destination: Path) -> None:
    command = [sys.executable, "-m", "adaudit", "collect", "--server", directory.ip, "--user", directory.auditor.user]
    subprocess.run(
        [*command, "--ca-file", str(directory.ca_file), "--probes", "--accept-probes", "-o", str(destination)],
        env={**os.environ, "ADAUDIT_PASSWORD": directory.auditor.password},
        check=True,
    )


def test_our_account_authenticates_and_never_fails_to(around: Around) -> None:
    ours = [each for each in around.authentications if each["becameAccount"] == "auditeur"]
    assert {each["serviceDescription"] for each in ours} >= {"LDAP", "SMB2"}
    assert {each["status"] for each in around.authentications} == {"NT_STATUS_OK"}


def test_no_change_is_tried_on_the_directory_but_the_server_s_own_note_of_the_logon(around: Around) -> None:
    changes = around.changes
    assert {change["userSid"] for change in changes} <= {LOCAL_SYSTEM}
    assert {change["remoteAddress"] for change in changes} <= {None}
    assert {change["dn"] for change in changes} == {"CN=auditeur,CN=Users,DC=corp,DC=test"}
    assert {name for change in changes for name in change["attributes"]} <= LOGON_BOOKKEEPING


def test_the_database_is_the_same_but_for_the_logon_bookkeeping_of_our_account(around: Around) -> None:
    changed = {
        dn: {
            name for name in around.before[dn] | around.after[dn] if around.before[dn].get(name) != attributes.get(name)
        }
        for dn, attributes in around.after.items()
        if around.before[dn] != attributes
    }
    assert len(around.before) > 3000
    assert around.before.keys() == around.after.keys()
    assert [dn.partition(" ")[2].strip() for dn in changed] == ["CN=auditeur,CN=Users,DC=corp,DC=test"]
    assert set().union(*changed.values()) <= LOGON_BOOKKEEPING | OF_ANY_CHANGE


def test_the_files_of_sysvol_are_the_same(around: Around) -> None:
    assert "corp.test/Policies" in around.files_before
    assert around.files_before == around.files_after


def test_no_file_is_opened_to_be_written(around: Around) -> None:
    operations = [each for each in around.file_operations if each.user.endswith("auditeur")]
    others = {each.operation for each in operations} - READING
    assert others == {"create_file", "openat"}
    assert {each.arguments[1] for each in operations if each.operation == "openat"} <= {"r"}
    opened = [each.arguments for each in operations if each.operation == "create_file"]
    assert [asked for asked in opened if int(asked[1], 16) & WRITE_ACCESS] == []
    assert {disposition for _, _, _, disposition, *_ in opened} <= {"open"}


def test_the_same_log_shows_a_change_and_a_file_that_our_account_tries_to_write(around: Around) -> None:
    directory = around.directory
    modify = "dn: CN=krbtgt,CN=Users,DC=corp,DC=test\nchangetype: modify\nreplace: description\ndescription: x\n"
    user, password = directory.auditor.user, directory.auditor.password
    ldap = ["ldapmodify", "-x", "-H", directory.ldap_url, "-D", user, "-w", password]
    subprocess.run(ldap, input=modify, text=True, capture_output=True, check=False)
    smb = ["smbclient", "-s", "/dev/null", f"//{directory.ip}/sysvol", "-U", f"{user}%{password}"]
    subprocess.run([*smb, "-c", "mkdir corp.test/x"], capture_output=True, check=False)
    log = AuditLog(directory.folder)
    (change,) = [each for each in log.changes() if each["userSid"] != LOCAL_SYSTEM]
    assert (change["operation"], change["status"]) == ("Modify", "insufficient access rights")
    created = [each.arguments for each in log.file_operations() if each.operation == "create_file"]
    assert "create" in {disposition for _, _, _, disposition, *_ in created}
