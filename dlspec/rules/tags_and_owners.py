"""Tags and owners that the pipeline could not show."""

import re

from dlspec.diagnostics.codes import Code
from dlspec.language.sections import is_free_of_poison
from dlspec.rules.subject import Checked

# Dagster's own rules for tags and owners.
_TAG = re.compile(r"[A-Za-z0-9_.-]{1,63}\Z")


_OWNER = re.compile(
    r"(team:[A-Za-z0-9_-]+|[A-Za-z0-9_][A-Za-z0-9._%+-]*@[A-Za-z0-9.-]+\.[A-Za-z]{2,7})\Z"
)


def report_tags_and_owners(checked: Checked) -> None:
    """Report tags and owners that the pipeline could not show."""
    spec, reporter = checked.spec, checked.reporter
    for name, text in spec.tags.items() if is_free_of_poison(spec.tags) else ():
        if not (_TAG.match(name) and _TAG.match(text)):
            reporter.error(
                Code.BAD_NAME,
                spec.places.key(f"tags.{name}"),
                f"`{name}: {text}` cannot be a tag",
                label="letters, digits, `_`, `-` and `.`, at most 63 each",
            )
    for index, owner in enumerate(spec.owners if is_free_of_poison(spec.owners) else ()):
        if not _OWNER.match(owner):
            reporter.error(
                Code.BAD_NAME,
                spec.places.value(f"owners.{index}"),
                f"`{owner}` cannot be an owner",
                label="neither an e-mail address nor a team",
                help=f"write `team:{re.sub('[^A-Za-z0-9_-]+', '_', owner)}`",
            )
