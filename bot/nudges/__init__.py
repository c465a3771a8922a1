"""One gentle line a day: when it may come, which one comes, and when to slow down."""
