"""The board as plain values: its cards, what is shown of them, and decisions on their way to disk."""
