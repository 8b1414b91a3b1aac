"""Cats from a seed: their traits, their portrait, their words. Pure code; the same seed is the same cat, always."""
