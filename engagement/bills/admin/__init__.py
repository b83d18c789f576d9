"""Back-office forms of bills: the lines of a bill, and recording one."""
