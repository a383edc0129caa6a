"""The Race tab: two to eight variants of one training side by side, with a league table."""
