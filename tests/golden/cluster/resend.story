# The owner dies between the acknowledgement of its records and the commit that would have said so. Its successor publishes them again, with
# the same numbers, and receivers skip them.
seed 11
machines 2
shards 1
seconds 40
at 15 crash-after 5
---
node1 acquires shard 0: epoch 1
node1 commits shard 0 under epoch 1
node1 crashes
node0 acquires shard 0: epoch 2
node0 commits shard 0 under epoch 2
what shard 0 had published is published again, with the same numbers
