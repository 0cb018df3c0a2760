"""The engine as a process of its own, which the app talks to through ``protocol``."""
