"""The engine for coding agents, over the Model Context Protocol. Needs the extra ``mlflow-tui[mcp]``."""
