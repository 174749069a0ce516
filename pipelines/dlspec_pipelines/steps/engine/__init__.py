"""The compiled training step on each backend, and what makes it exact."""
