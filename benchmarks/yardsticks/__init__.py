"""What would be possible at best? Programs that do the database's part of the work and nothing else."""
