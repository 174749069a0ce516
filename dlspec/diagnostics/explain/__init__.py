"""The long page of each code: what it means, why it matters, a wrong and a right spec."""

from importlib.resources import files

from dlspec.diagnostics.codes import Code

__all__ = ["explained_codes", "explanation_page", "page_title"]


def explained_codes() -> tuple[str, ...]:
    """Return every code that has a page, in order."""
    return tuple(known.value for known in Code)


def explanation_page(code: str) -> str | None:
    """Return the Markdown page of a code such as "DL402", in any case; None for no code."""
    wanted = code.upper()
    if wanted not in explained_codes():
        return None
    return files(__name__).joinpath(f"{wanted}.md").read_text(encoding="utf-8")


def page_title(code: str) -> str:
    """Return what a code is about, in one clause."""
    head = (explanation_page(code) or "").partition("\n")[0]
    return head.partition(": ")[2]
