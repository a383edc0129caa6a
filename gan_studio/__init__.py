"""GAN Studio: train generative adversarial networks and watch them learn."""

__version__ = "0.1.0"
