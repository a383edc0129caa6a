"""The Evaluate tab: is it any good, and since when."""
