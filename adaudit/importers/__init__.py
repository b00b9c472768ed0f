"""Files of other collectors to the same snapshot."""

from __future__ import annotations

from adaudit.importers.ldif import LdifImport, import_ldif
from adaudit.importers.sharphound import SharpHoundImport, import_sharphound

__all__ = ["LdifImport", "SharpHoundImport", "import_ldif", "import_sharphound"]
