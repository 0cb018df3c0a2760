"""Hypotheses of the operational family, one file each."""
