"""The private corner: lines that only somebody who knows the PIN gets to read in the chat."""
