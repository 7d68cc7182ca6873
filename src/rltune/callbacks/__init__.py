"""rltune's rules inside other people's training loops."""
