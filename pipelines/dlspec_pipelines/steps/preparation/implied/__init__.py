"""What the features of a spec imply of their columns, as rules of its contract."""
