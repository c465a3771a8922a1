"""The promise to come back: how long, how often, how late."""
