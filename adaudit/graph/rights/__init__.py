"""Rights over objects: what each descriptor gives, to whom, and what an administrator can change about it."""
