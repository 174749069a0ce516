"""What a whole plan must not be: one family of rules a file."""
