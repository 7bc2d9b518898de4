"""Every number that the documents quote, as a command that anyone can run again."""
