"""A process of this program: its log, its memory and garbage collector, and others beside it."""
