"""Searches, exposure, choke points and plans, on arrays alone."""
