"""What sets the project up on a machine, and checks what no test can: started by the Makefile."""
