"""The command line, as it stands in the checkout: python app.py --help."""

import sys

from audio_search.environment import use_environment

if __name__ == '__main__':
    use_environment()
    try:
        from audio_search.cli.main import main

        sys.exit(main())
    except KeyboardInterrupt:  # while the command line itself was imported
        sys.exit(130)
