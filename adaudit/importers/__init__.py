"""Files of other collectors to the same snapshot."""

from __future__ import annotations

from adaudit.importers.ldif import LdifImport, import_ldif

__all__ = ["LdifImport", "import_ldif"]
