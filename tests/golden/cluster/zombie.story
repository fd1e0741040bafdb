# The owner stands still for longer than its session: the shard is given away. Awake again, it does not know that; nothing it had begun is
# committed, since its epoch is an old one.
seed 80
machines 2
shards 1
seconds 60
at 15 pause 10
---
node1 acquires shard 0: epoch 1
node1 commits shard 0 under epoch 1
node1 stands still for 10 s
node0 acquires shard 0: epoch 2
node0 commits shard 0 under epoch 2
a commit of shard 0 under epoch 1 fails: the epoch is 2
node1 acquires shard 0: epoch 3
node1 commits shard 0 under epoch 3
