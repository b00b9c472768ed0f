"""Policy files written by Samba's own code. Run by the system's Python, which has its modules: JSON in, file out."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from samba.dcerpc import preg
from samba.gp_parse.gp_inf import GptTmplInfParser
from samba.ndr import ndr_pack


def registry_policy(records: list[list[object]]) -> bytes:
    """Records are key, name, type, data; data that is neither text nor a number is in hexadecimal, in a list of one."""
    policy = preg.file()
    policy.header.signature = "PReg"
    policy.header.version = 1
    entries = []
    for key, name, kind, data in records:
        entry = preg.entry()
        entry.keyname, entry.valuename, entry.type = key, name, kind
        entry.data = bytes.fromhex(data[0]) if isinstance(data, list) else data
        entries.append(entry)
    policy.entries = entries
    policy.num_entries = len(entries)
    return ndr_pack(policy)


def security_template(sections: dict[str, list[object]]) -> bytes:
    """Parameters by section, in the shape that Samba's parser holds them in."""
    parser = GptTmplInfParser()
    parser.parse("".encode("utf-16"))
    for section, parameters in sections.items():
        parser.sections[section].param_list = parameters
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "GptTmpl.inf"
        parser.write_binary(str(path))
        return path.read_bytes()


if __name__ == "__main__":
    write = {"registry_policy": registry_policy, "security_template": security_template}[sys.argv[1]]
    sys.stdout.buffer.write(write(json.load(sys.stdin)))
