"""The Gallery tab: many pictures of one generator, looked through, sorted, starred, and written as files."""
