"""`python -m tests.benchmarks.truth`: does the gate tell planted defects from harmless changes?"""
