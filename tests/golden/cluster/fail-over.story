# The owner of a shard dies. The other node takes the shard over under a new epoch and goes on; the one that died comes back as a guest.
seed 11
machines 2
shards 1
seconds 40
at 15 crash
---
node0 acquires shard 0: epoch 1
node0 commits shard 0 under epoch 1
node0 crashes
node1 acquires shard 0: epoch 2
node1 commits shard 0 under epoch 2
