"""Windows and directory formats to plain values: bytes in, values out, nothing else."""
