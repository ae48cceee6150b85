"""Where studies are kept, unless something else is said. Light: configuration imports it."""

DEFAULT_URL = "sqlite:///smart_tuner.db"
"""In the directory in which a command is started."""
