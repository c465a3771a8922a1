"""The way of an update: one batch, one transaction, decided purely, sent after the commit."""
