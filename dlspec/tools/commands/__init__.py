"""The compiler's commands, one a file; `dlspec.cli` loads the one that is called."""
