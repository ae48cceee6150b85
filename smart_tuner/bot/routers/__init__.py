"""What the bot does with what people send: one router a topic, of thin handlers."""
