"""What a host's machine is asked for and told: a port, a lock, health, what was checked before."""
