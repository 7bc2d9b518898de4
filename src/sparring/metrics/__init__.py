"""How good a model's pictures are, as numbers: pure functions of arrays, each with its source and its floor."""
