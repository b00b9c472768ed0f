"""From directory entries to a snapshot: staged, resolved into tables, with coverage derived."""
