"""The Train tab: choose, start, watch, pause, go back, go on."""
