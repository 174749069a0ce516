"""The back ends: the only modules of the compiler that import a framework."""
