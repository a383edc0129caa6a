"""The shelf of foreign formats: one file each, read without running foreign code."""
