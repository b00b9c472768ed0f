"""Run by the system's Python, which owns Samba's modules: what accounts may write, as the controller itself judges.

``effective.py CONFIG SAM.LDB`` reads {"accounts": [dn…], "objects": [dn…], "attributes": [name…]} (JSON) on standard
input and writes [account, object, what] for each attribute, ``DACL`` or ``owner`` that the account may write.
"""

import json
import sys

import ldb
from samba.auth import (
    AUTH_SESSION_INFO_AUTHENTICATED,
    AUTH_SESSION_INFO_DEFAULT_GROUPS,
    system_session,
    user_session,
)
from samba.dcerpc import security
from samba.param import LoadParm
from samba.samdb import SamDB

SESSION = AUTH_SESSION_INFO_DEFAULT_GROUPS | AUTH_SESSION_INFO_AUTHENTICATED
ASKED = ["allowedAttributesEffective", "sDRightsEffective"]


def writable(samdb, dn, attributes):
    try:
        [found] = samdb.search(dn, ldb.SCOPE_BASE, attrs=ASKED)
    except ldb.LdbError as error:
        if error.args[0] != ldb.ERR_NO_SUCH_OBJECT:
            raise
        return
    yield from attributes.intersection(str(name) for name in found.get(ASKED[0], ()))
    rights = int(str(found[ASKED[1]][0])) if ASKED[1] in found else 0
    yield from (
        name for bit, name in ((security.SECINFO_DACL, "DACL"), (security.SECINFO_OWNER, "owner")) if rights & bit
    )


def main(config, database):
    asked = json.load(sys.stdin)
    loadparm = LoadParm()
    loadparm.load(config)
    everything = SamDB(url=database, lp=loadparm, session_info=system_session())
    answer = []
    for account in asked["accounts"]:
        session = user_session(everything, lp_ctx=loadparm, dn=account, session_info_flags=SESSION)
        samdb = SamDB(url=database, lp=loadparm, session_info=session)
        for dn in asked["objects"]:
            answer += [(account, dn, what) for what in writable(samdb, dn, set(asked["attributes"]))]
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
