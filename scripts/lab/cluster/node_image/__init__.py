"""The node image where no image registry is in reach, built from Go modules and Debian packages."""
