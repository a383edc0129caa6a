"""The Explore tab: walk the latent space of a trained generator, and keep what is found."""
