"""What the graph tells, with names in place of numbers."""
