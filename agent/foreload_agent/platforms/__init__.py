"""Ways to the machine. Each is one folder with a collector and an actuator; none knows another."""
