"""Using what was trained: load a shipped model, draw its pictures."""
