"""Every SQL statement of the project, on SQLite and PostgreSQL."""
