"""Run by the system's Python, which owns Samba's modules: ``samba-tool`` that knows the schema of Windows Server 2016.

The 2016 schema files are in Samba's package; version 4.17 does not offer them as a choice.
"""

import sys

from samba.netcmd import domain
from samba.netcmd.main import cmd_sambatool
from samba.schema import Schema

Schema.base_schemas.setdefault(
    "2016", ("AD_DS_Attributes__Windows_Server_2016.ldf", "AD_DS_Classes__Windows_Server_2016.ldf", 87)
)
for option in domain.cmd_domain_provision.takes_options:
    if option.get_opt_string() == "--base-schema" and "2016" not in option.choices:
        option.choices = [*option.choices, "2016"]

sys.exit(cmd_sambatool()._run("samba-tool", *sys.argv[1:]) or 0)
