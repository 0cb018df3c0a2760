"""What the app does with the engine, whatever screen is shown: open, analyse, keep what was said."""
