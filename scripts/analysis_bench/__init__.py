"""What `npm run bench -- analysis` is made of: the corpus, the rivals, the scores on labelled code."""
