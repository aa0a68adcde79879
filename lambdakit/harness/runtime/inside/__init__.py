"""What runs inside a function's own processes. Standard library only: nothing else of lambdakit can be seen there."""
