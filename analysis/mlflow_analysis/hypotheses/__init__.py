"""The claims that are tested: one file each, found by being there."""
