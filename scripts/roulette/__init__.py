"""A small typed client of the cat roulette, for tests and scripts."""
