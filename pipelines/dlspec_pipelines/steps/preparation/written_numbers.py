"""Texts that people write for numbers, and what a table has in their place."""

import re

_SIGNS = r"[ '\u2019_\u00a0\u202f]"
# Each with the sign between thousands and the one before the decimals.
_FORMS = (
    re.compile(
        rf"[-+]?\d{{1,3}}(?:(?P<group>{_SIGNS})\d{{3}})(?:(?P=group)\d{{3}})*(?P<rest>[.,]\d+)?"
    ),
    re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?P<rest>\.\d+)|[-+]?\d{1,3}(?:,\d{3}){2,}"),
    re.compile(r"[-+]?\d{1,3}(?:\.\d{3})+(?P<rest>,\d+)|[-+]?\d{1,3}(?:\.\d{3}){2,}"),
)
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+")
_THOUSAND_OR_DECIMALS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")


def plain_numbers(text: str) -> tuple[str, ...]:
    """Return the numbers that a text such as `600'000` or `70,5` can mean, as a table has them."""
    text = text.strip()
    if _THOUSAND_OR_DECIMALS.fullmatch(text):
        return text.replace(",", ""), text.replace(",", ".")
    if _DECIMAL_COMMA.fullmatch(text):
        return (text.replace(",", "."),)
    found = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if found is None:
        return ()
    rest = found["rest"] or ""
    whole = re.sub(r"[^-+\d]", "", text[: len(text) - len(rest)])
    return (whole + rest.replace(",", "."),)


def number_text_help(value: object) -> str:
    """Return what to do about a text in a column of numbers."""
    meant = plain_numbers(value) if isinstance(value, str) else ()
    if not meant:
        return "add such a text to the source's `missing`, or take the column as a `category`"
    told = " or ".join(f"`{one}`" for one in meant)
    if "." in meant[-1] and "," in str(value):
        return f'write {told}; of a csv whose numbers are all written so, say `decimal: ","`'
    return f"write {told}, without a sign between thousands"
