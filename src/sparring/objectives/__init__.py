"""Losses: pure functions on logits, per sample, of any shape."""
