"""The course as lessons: each is a folder of data; this package reads it, checks it live, and proves it."""
