"""Planted faults found with their cause first, and nothing found where nothing was planted.

Everything here is written from what the catalogue claims (docs/hypotheses.md is written from the
tests that answer it), with traffic of its own: other applications, frameworks, wording and error
messages than the demo's.
"""
