"""What screens are made of. A widget draws plain values; it reads no store and analyses nothing."""
