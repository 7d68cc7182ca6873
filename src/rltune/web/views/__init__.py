"""What each address of the live page answers."""
