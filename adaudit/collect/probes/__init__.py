"""Questions that a directory does not answer: what its servers accept, asked of the servers themselves."""

from __future__ import annotations

from adaudit.collect.probes.model import Answer, PlannedProbe, Target, TargetKind
from adaudit.collect.probes.plan import plan
from adaudit.collect.probes.run import Probed, record, run_probes
from adaudit.collect.probes.targets import Targets, find_targets
from adaudit.collect.probes.web_enrolment import enrolment_urls

__all__ = [
    "Answer",
    "PlannedProbe",
    "Probed",
    "Target",
    "TargetKind",
    "Targets",
    "enrolment_urls",
    "find_targets",
    "plan",
    "record",
    "run_probes",
]
