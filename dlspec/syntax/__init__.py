"""Text and its tree: YAML, `$` expressions, formatting; every node knows its place."""
