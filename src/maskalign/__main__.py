"""Run the command line as ``python -m maskalign``."""

from maskalign.cli import main

if __name__ == "__main__":
    main()
