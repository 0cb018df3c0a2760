"""A process of this program: its log, its memory, and its garbage collector."""
