"""What the bot says: pure functions from records to HTML as Telegram knows it."""
