"""The pure part: values in, values out, without clocks, files or networks."""
