"""What a person told about themselves: role, name, zone, hours, consent."""
