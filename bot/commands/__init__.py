"""What each command of `stillhere` does, from its first line to its last."""
