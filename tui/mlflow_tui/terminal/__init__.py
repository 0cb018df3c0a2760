"""Between the app and the terminal: what it can do, what is sent to it, and what happens when it goes away."""
