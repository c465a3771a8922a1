"""Scripts and the pure engine that runs them: no clock, no chance, no network, no database."""
