"""The parts that windows are made of; they know no GANs."""
