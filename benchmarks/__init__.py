"""What things cost, side by side; run by hand with `make bench`."""
