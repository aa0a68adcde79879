"""The operations of the Lambda API, one module per family: an operation's input in, its output out."""
