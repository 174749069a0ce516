"""What people do with a plan besides training it."""
