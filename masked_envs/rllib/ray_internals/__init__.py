"""What uses attributes of RLlib that it does not document: names with an underscore, and slots of its episodes.

`versions` has the versions of Ray it was tested with. tests/house/test_ray_internals.py finds such uses elsewhere.
"""
