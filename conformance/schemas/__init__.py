"""Is this value valid: compiled validators, parameters and forms by their declared types, problems in plain words."""
