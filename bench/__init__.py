"""Benchmarks: one package a question; figures and machine stand in bench/README.md."""
