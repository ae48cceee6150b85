"""Where a study is shown while it runs."""
