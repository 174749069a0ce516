"""The long page of each code: what it means, why it matters, a wrong and a right spec."""

from importlib.resources import files

from dlspec.diagnostics.codes import Code

__all__ = ["explained_codes", "explanation_page"]


def explained_codes() -> tuple[str, ...]:
    """Return every code that has a page, in order."""
    return tuple(known.value for known in Code)


def explanation_page(code: str) -> str | None:
    """Return the Markdown page of a code such as "DL402", in any case; None for no code."""
    wanted = code.upper()
    if wanted not in explained_codes():
        return None
    return files(__name__).joinpath(f"{wanted}.md").read_text(encoding="utf-8")
