"""Tests of the back office in Chromium, on the demo: `make test-browser`."""
