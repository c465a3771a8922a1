"""Words in a person's language: phrases, numbers, times, and reading times people type."""
