"""Records: bodies, shapes and expands, without a store."""
