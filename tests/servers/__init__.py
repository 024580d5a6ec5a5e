"""Against servers that nobody here wrote; see `.ci/servers`."""
