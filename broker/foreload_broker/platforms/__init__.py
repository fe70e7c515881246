"""What changes limits: connected agents, a simulated instance, or nothing at all. None knows another."""
