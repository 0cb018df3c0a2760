"""Four made-up applications: what they are asked, what they call, what they say."""

from __future__ import annotations

from benchmarks.accuracy.applications.analyst import ANALYST
from benchmarks.accuracy.applications.base import Application, Topic
from benchmarks.accuracy.applications.handbook import HANDBOOK
from benchmarks.accuracy.applications.research import RESEARCH
from benchmarks.accuracy.applications.travel import TRAVEL

APPLICATIONS = (TRAVEL, HANDBOOK, ANALYST, RESEARCH)

__all__ = ["ANALYST", "APPLICATIONS", "HANDBOOK", "RESEARCH", "TRAVEL", "Application", "Topic"]
