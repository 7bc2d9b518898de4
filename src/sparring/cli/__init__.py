"""The command `sparring`: one file a verb, thin; results on stdout, progress and errors on stderr."""
