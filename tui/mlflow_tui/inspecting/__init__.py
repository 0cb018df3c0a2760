"""One trace as plain data to draw: its span tree, its payloads as lines, two traces compared."""
