"""The loop that plays moves, and what it needs; it knows no loss, no file and no metric."""
