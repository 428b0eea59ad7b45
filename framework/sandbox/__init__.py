"""Work on files that anybody may have written: in a child process that can be killed, and remembered."""
