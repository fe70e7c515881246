"""`python -m foreload_daemon`: the language server on stdin and stdout."""

from foreload_daemon.start import main

if __name__ == "__main__":
    main()
