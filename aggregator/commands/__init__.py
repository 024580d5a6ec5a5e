"""What each command does: build the App, call one function, print, give the exit code. One file for each kind of command."""
