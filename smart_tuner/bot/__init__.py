"""The Telegram bot: a process of its own that reads the database and writes commands."""
