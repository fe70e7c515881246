"""What the person reads: sentences, series and rows, made of the history, the broker's word and the forecast."""
