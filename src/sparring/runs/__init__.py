"""A run: its folder, its checkpoints, its report, and the one place that wires everything together."""
