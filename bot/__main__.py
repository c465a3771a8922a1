"""`python -m bot`: the command line, also where nothing was installed."""

from bot.cli import main

if __name__ == "__main__":
    main()
