"""How a command ends: one rule for all of them, told in docs/running.md."""

import click

# Done, and nothing is wrong; warnings are allowed.
CLEAN = 0
# Something is wrong in what was read, trained or measured.
FINDINGS = 1
# The command line cannot be followed: what it names is not there or cannot be.
WRONG_USAGE = 2
# Ctrl-C: 128 and the number of SIGINT, as a shell has it.
INTERRUPTED = 130


class CannotDo(click.ClickException):
    """A command that cannot be followed where it stands; unlike a slip, `--help` mends nothing."""

    exit_code = WRONG_USAGE
