"""The cat roulette: visitors who are paired at random and talk, in memory or in Redis."""
