"""Tests of transaction/add over HTTP."""
