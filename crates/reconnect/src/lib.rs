//! When to try again: linear, exponential and jittered delays, limits, stability.
