"""What a block is called, told from what is in it."""

import re
from collections.abc import Container

from dlspec.backends.rolling.items import REPEAT, Item, items_of
from dlspec.expand.names import plain_head
from dlspec.language import catalogue

_SHORT = {
    "BatchNormalization": "BN",
    "LayerNormalization": "LN",
    "GroupNormalization": "GN",
    "MultiHeadAttention": "Attention",
    "Activation": "Act",
    "Bidirectional": "Bi",
    "Embedding": "Embed",
    "TimeDistributed": "Timed",
}
_DIMENSIONS = re.compile(r"(Conv|ing)?[123]D")
_UP = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "UpSampling")
# With six NASNetMobile takes eleven lines more, broken for long names; with one 779 lines for 785,
# where blocks are called after their first layer alone.
_MOST_PARTS = 3
# At double 787 lines; at half 779, where blocks are called after their first layer alone.
_LONGEST = 16


def block_name(items: list[Item], taken: Container[str], *, inputs: int = 1) -> str:
    """Return a name for a block of these entries that is free and no class of Keras."""
    if any(item.head == "MultiHeadAttention" for item in items_of(items)):
        base = "TransformerBlock"
    else:
        base = _of_several(items) if inputs > 1 else _by_merge(items) or _by_parts(items)
    number = 1
    while True:
        name = base if number == 1 else f"{base}{number}"
        if name not in taken and catalogue.find_entry("layer", name) is None:
            return name
        number += 1


def _of_several(items: list[Item]) -> str:
    """Return the name of a block that joins several tensors."""
    if any(item.head.startswith(_UP) for item in items):
        return "Up"
    return "Cell" if len(items) > _MOST_PARTS else f"{_block_name_part(items[0])}Join"


def _by_merge(items: list[Item]) -> str | None:
    merges = [item for item in items if item.branches is not None]
    if not merges:
        return None
    last = merges[-1]
    identity = any(not row.items for row in last.branches or ())
    stage = "Stage" if REPEAT in last.args or any(i.head == "Residual" for i in items) else ""
    match plain_head(last.head):
        case "Add" | "add":
            plain = "Residual" if identity else "Projected"
            return f"Residual{stage}" if stage else plain
        case "Concatenate" | "concatenate":
            return f"Dense{stage or 'Unit'}" if identity else "Inception"
        case "Multiply" | "multiply" if identity:
            return "Gated" if len(items) > 1 else "Gate"
        case head:
            return f"{_camel_case_word(head).removesuffix('Layer')}Block"


def _by_parts(items: list[Item]) -> str:
    parts = [_block_name_part(item) for item in items if not item.head.startswith("ZeroPadding")]
    if 0 < len(parts) <= _MOST_PARTS and len("".join(parts)) <= _LONGEST:
        return "".join(parts)
    first = parts[0] if parts else "Padding"
    return first if first.endswith("Block") else f"{first}Block"


def _block_name_part(item: Item) -> str:
    head = plain_head(item.head)
    if head in ("Activation", "activation"):
        word = item.args.get(("activation",))
        return _camel_case_word(word) if isinstance(word, str) else "Act"
    if head == "use":
        return _camel_case_word(str(item.args[("model",)]))
    if item.kind == "block":
        return head.rstrip("0123456789")
    if head in _SHORT:
        return _SHORT[head]
    return _camel_case_word(_DIMENSIONS.sub("", head) or "Conv")


def _camel_case_word(word: str) -> str:
    if word.lower() == "relu":
        return "ReLU"
    found = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", word))
    return found if found[:1].isalpha() else f"B{found}"
