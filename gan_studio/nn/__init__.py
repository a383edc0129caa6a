"""Bricks without GAN words: blocks, norms, optimisers, schedules, averages."""
