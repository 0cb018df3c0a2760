"""How the app looks: style sheets and themes. Holds no logic."""
