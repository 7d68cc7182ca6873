"""Settings of `command` for known trainers. A user's own settings come on top."""
