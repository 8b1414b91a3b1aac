"""Views in which a learner works through the lessons: on the terminal, in plain lines, in the browser."""
