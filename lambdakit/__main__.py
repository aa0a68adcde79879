"""`python -m lambdakit`."""

from lambdakit.cli import main

main()
