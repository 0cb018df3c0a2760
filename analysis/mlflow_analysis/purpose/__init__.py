"""What the application does: drafted from its traces, and what the user's word on it changes."""
