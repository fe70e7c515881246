"""What gives instances and takes them back: a program that any platform can fill in, and this machine itself."""
