"""Tasks in the loop: what stands of them, who hosts and who follows them."""
