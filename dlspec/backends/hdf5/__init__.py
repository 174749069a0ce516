"""HDF5 files read without trust, in processes of their own."""
