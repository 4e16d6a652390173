"""What `./dev bench net` measures: the paths, the metrics, and the report."""
