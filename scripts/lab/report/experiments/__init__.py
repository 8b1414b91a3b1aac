"""What an experiment found, as a terminal shows it."""
