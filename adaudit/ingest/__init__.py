"""From directory entries to a snapshot: staged, resolved into tables, with coverage derived."""

from adaudit.ingest.ingest import Ingest, utc_now

__all__ = ["Ingest", "utc_now"]
