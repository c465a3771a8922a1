"""Reading what people write for signs of danger, before anything else reads it."""
