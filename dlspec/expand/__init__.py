"""ModelSpec -> a flat graph of calls: params, blocks, loops, branches, packaged architectures."""
