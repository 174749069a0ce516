"""What changed in meaning between two plans."""
