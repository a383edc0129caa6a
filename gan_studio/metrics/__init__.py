"""The shelf of metrics: one file each. They compare arrays and tensors, and know no networks, data sources or jobs."""
