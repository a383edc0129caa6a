"""Exact divergences, transport plans and phase portraits; knows no networks of ours."""
