"""Published examples said as specs: which can be, in what, and what the others lack."""
