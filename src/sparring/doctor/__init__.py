"""What ails a run: cheap signals while it trains, and named verdicts on them."""
