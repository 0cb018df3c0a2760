"""A process of this program: its log, and its garbage collector."""
