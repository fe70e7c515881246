"""What is known of libraries, one module a language with the same names in each."""
