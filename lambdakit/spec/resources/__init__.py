"""Resources that an application's patterns and functions share, one file for each kind."""
