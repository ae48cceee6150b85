"""What this machine has to offer: cores, memory, GPUs, disks."""
