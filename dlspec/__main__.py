"""`python -m dlspec`: the same as the console script."""

from dlspec.cli import main

if __name__ == "__main__":
    main(prog_name="dlspec")
