"""Sparring: train, judge, explore and ship adversarial networks."""
