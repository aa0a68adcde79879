"""Resources that several patterns of an application share."""
