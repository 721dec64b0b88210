"""Training backbones: a configuration, a loop that reads from top to bottom, and recipes that are differences."""
