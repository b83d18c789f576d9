"""Tests of the scripts that set up and check the project."""
