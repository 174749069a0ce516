"""What the outputs of layers are called: `enc.h`, and what makes a layer return one."""

# Where no rule knows the outputs, these names (`enc.h`) stand for their positions.
_STATES = "`return_state: true` to `{}`"
RETURNED_ON_DEMAND = {
    **dict.fromkeys(("h", "c", "fh", "fc", "bh", "bc"), _STATES),
    "scores": "`call: {{return_attention_scores: true}}` beside `{}`",
}
BY_CONVENTION = {"out": 0, "h": 1, "c": 2, "scores": 1}
