"""What people see of a study: views made of storage's records, and nothing else."""
