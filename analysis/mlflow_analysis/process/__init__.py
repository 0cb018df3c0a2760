"""A process of this program: its log, its memory and garbage collector, its twin and its end."""
