// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"baton.dev/sdk/internal/batonv1"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"google.golang.org/protobuf/proto"
)

const (
	pollWait, commitWait, mostRest = 200 * time.Millisecond, time.Second, 30 * time.Second
	closeWait                      = 3 * time.Second  // to commit and to leave the groups at the end
	silent                         = 30 * time.Second // a loop that has not turned for so long hangs
)

// running is a job from its record to its answer.
type running struct {
	partition int32
	offset    int64
	life      int
	also      []int64 // records of the same attempt that came again
	job       *Job
	lease     *lease
}

// channel of one job type: a consumer on a goroutine of its own, and the jobs that came of it until they are answered. Work is never done there.
type channel struct {
	worker                *Worker
	handler               *handler
	jobType, topic, group string
	own                   typeSettings
	paused                atomic.Bool
	ends                  *flag
	ended                 chan struct{}
	turned                atomic.Int64 // Unix nanoseconds

	lock       sync.Mutex
	progress   map[int32]*progress
	life       int // grows when partitions go: what came before is not committed any more
	toCommit   map[int32]int64
	queued     []*running
	running    map[uint64]*running // by key
	isAssigned bool
	lastError  string
}

func newChannel(w *Worker, h *handler) (*channel, error) {
	part, err := partOfJobType(h.jobType)
	if err != nil {
		return nil, err
	}
	own, err := w.settings.ofType(h.jobType, h.maxConcurrent, h.lease)
	c := &channel{worker: w, handler: h, jobType: h.jobType, topic: w.settings.Prefix + ".jobs." + part, group: w.settings.Prefix + ".workers." + part, own: own,
		ends: newFlag(), ended: make(chan struct{}), progress: map[int32]*progress{}, toCommit: map[int32]int64{}, running: map[uint64]*running{}}
	c.paused.Store(own.paused)
	c.turned.Store(time.Now().UnixNano())
	return c, err
}

func (c *channel) inFlight() int {
	c.lock.Lock()
	defer c.lock.Unlock()
	return len(c.running)
}

func (c *channel) health() TypeHealth {
	c.lock.Lock()
	defer c.lock.Unlock()
	return TypeHealth{time.Since(time.Unix(0, c.turned.Load())).Seconds(), c.isAssigned, len(c.running), c.paused.Load(), c.lastError}
}

// dropped: it counts for nothing here and is left to others: it is not committed.
func (c *channel) dropped(r *running) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.running[r.job.Key] == r {
		delete(c.running, r.job.Key)
	}
}

// finished: its answer is with Kafka, or will never be.
func (c *channel) finished(r *running) {
	c.lock.Lock()
	if c.running[r.job.Key] == r {
		delete(c.running, r.job.Key)
	}
	c.done(r)
	c.lock.Unlock()
	c.fill()
}

// -- Jobs ------------------------------------------------------------------------------------

// done counts its records as answered. The lock is held.
func (c *channel) done(r *running) {
	p := c.progress[r.partition]
	if r.life != c.life || p == nil {
		return
	}
	for _, offset := range append(r.also, r.offset) {
		if to := p.end(offset); to >= 0 {
			c.toCommit[r.partition] = to
		}
	}
}

func (c *channel) takeRecord(record *kgo.Record) {
	c.lock.Lock()
	r := &running{partition: record.Partition, offset: record.Offset, life: c.life}
	if c.progress[r.partition] == nil {
		c.progress[r.partition] = &progress{}
	}
	c.progress[r.partition].begin(r.offset)
	c.lock.Unlock()
	c.worker.counters.received.WithLabelValues(c.jobType).Inc()
	message := &batonv1.Job{}
	err := proto.Unmarshal(record.Value, message)
	if err == nil && message.Key == 0 {
		err = errors.New("it has no key")
	}
	if err != nil {
		slog.Error("a record is no job", "topic", c.topic, "partition", r.partition, "offset", r.offset, "error", err)
		c.worker.counters.unread.WithLabelValues(c.jobType).Inc()
		c.lock.Lock()
		c.done(r)
		c.lock.Unlock()
		return
	}
	if r.job, err = readJob(message, c.worker.shutdown.done()); err != nil {
		c.worker.answer(c, r, &Failed{Message: fmt.Sprintf("the worker cannot read the job: %v", err)})
		return
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	if !c.isStale(r) {
		c.queued = append(c.queued, r)
	}
}

func (c *channel) known(key uint64) (found *running, isQueued bool) {
	if r := c.running[key]; r != nil {
		return r, false
	}
	if at := slices.IndexFunc(c.queued, func(one *running) bool { return one.job.Key == key }); at >= 0 {
		return c.queued[at], true
	}
	return nil, false
}

// isStale: it is worked on already, or by a later attempt. The lock is held.
func (c *channel) isStale(r *running) bool {
	known, isQueued := c.known(r.job.Key)
	if known == nil {
		return false
	}
	if known.job.Attempt < r.job.Attempt {
		known.job.lost.set()
		c.worker.counters.lost.WithLabelValues(c.jobType).Inc()
		if isQueued { // it counts for nothing any more
			c.queued = slices.DeleteFunc(c.queued, func(one *running) bool { return one == known })
			c.done(known)
		}
		return false
	}
	c.worker.counters.stale.WithLabelValues(c.jobType).Inc()
	switch {
	case known.job.Attempt != r.job.Attempt || known.partition != r.partition:
		c.done(r)
	case known.life != r.life:
		known.life, known.offset, known.also = r.life, r.offset, nil
	default:
		known.also = append(known.also, r.offset)
	}
	return true
}

// next has a place for one that waits; nil: none, or nobody is free.
func (c *channel) next() *running {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.worker.shutdown.isSet() || c.paused.Load() || len(c.queued) == 0 || len(c.running) >= c.own.maxConcurrent {
		return nil
	}
	r := c.queued[0]
	c.queued = c.queued[1:]
	c.running[r.job.Key] = r
	return r
}

func (c *channel) fill() {
	for r := c.next(); r != nil; r = c.next() {
		c.worker.begin(c, r)
	}
}

// -- The consumer ----------------------------------------------------------------------------

func (c *channel) supervise() {
	defer close(c.ended)
	rest := 500 * time.Millisecond
	for !c.ends.isSet() {
		began := time.Now()
		err := c.tryConsume()
		if err == nil {
			return
		}
		rest = min(rest*2, mostRest)
		if time.Since(began) > time.Minute {
			rest = 500 * time.Millisecond
		}
		c.note(err)
		c.worker.counters.restarts.WithLabelValues(c.jobType).Inc()
		slog.Error("the consumer ended and begins anew", "type", c.jobType, "error", err, "rest", rest)
		c.forget()
		c.wait(rest)
	}
}

func (c *channel) wait(rest time.Duration) {
	select {
	case <-c.ends.done():
	case <-time.After(rest):
	}
}

// tryConsume gives what went wrong, a panic too: a loop that ends silently is a worker that gets no jobs.
func (c *channel) tryConsume() (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicOf(value)
		}
	}()
	return c.consume()
}

func (c *channel) options() ([]kgo.Opt, error) {
	options, err := c.worker.settings.kafkaOptions("jobs of type " + c.jobType)
	return append(options, kgo.ConsumerGroup(c.group), kgo.ConsumeTopics(c.topic), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.SessionTimeout(c.worker.settings.Session),
		kgo.HeartbeatInterval(max(c.worker.settings.Session/4, 100*time.Millisecond)),
		kgo.Balancers(kgo.RoundRobinBalancer(), kgo.RangeBalancer()), // those that workers in other languages know as well
		kgo.FetchMaxBytes(16<<20), kgo.FetchMaxPartitionBytes(8<<20), kgo.FetchMaxWait(500*time.Millisecond), // partitions that come later wait for it
		kgo.OnPartitionsAssigned(c.onAssigned), kgo.OnPartitionsRevoked(c.onRevoked),
		kgo.OnPartitionsLost(func(context.Context, *kgo.Client, map[string][]int32) { c.forget() })), err
}

func (c *channel) consume() error {
	c.makeTopic()
	if c.ends.isSet() {
		return nil
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.CloseAllowingRebalance()
	committed := time.Now()
	for !c.ends.isSet() {
		c.turned.Store(time.Now().UnixNano())
		if room := c.room(); room > 0 {
			if err := c.poll(client, room); err != nil {
				return err
			}
		} else {
			c.wait(10 * time.Millisecond)
		}
		c.fill()
		if time.Since(committed) >= commitWait {
			committed = time.Now()
			c.commit(client)
		}
	}
	c.commit(client)
	return nil
}

// room for jobs: with full hands nothing is polled. The group keeps the worker, for heartbeats are not the loop's.
func (c *channel) room() int {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.paused.Load() || c.worker.shutdown.isSet() || len(c.queued) >= c.own.maxConcurrent {
		return 0
	}
	return max(1, 2*c.own.maxConcurrent-len(c.queued)-len(c.running))
}

func (c *channel) poll(client *kgo.Client, room int) error {
	ctx, cancel := context.WithTimeout(context.Background(), pollWait)
	defer cancel()
	fetches := client.PollRecords(ctx, room)
	defer client.AllowRebalance()
	for _, one := range fetches.Errors() {
		switch {
		case errors.Is(one.Err, kgo.ErrClientClosed):
			return one.Err
		case !errors.Is(one.Err, context.DeadlineExceeded):
			c.note(one.Err)
		}
	}
	fetches.EachRecord(c.takeRecord)
	return nil
}

func (c *channel) note(err error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if err.Error() != c.lastError {
		c.lastError = err.Error()
		slog.Warn("jobs do not come", "type", c.jobType, "error", err)
	}
}

func (c *channel) commit(client *kgo.Client) {
	c.lock.Lock()
	life, offsets := c.life, map[int32]kgo.EpochOffset{}
	for partition, offset := range c.toCommit {
		offsets[partition] = kgo.EpochOffset{Epoch: -1, Offset: offset}
	}
	clear(c.toCommit)
	c.lock.Unlock()
	if len(offsets) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client.CommitOffsetsSync(ctx, map[string]map[int32]kgo.EpochOffset{c.topic: offsets},
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, response *kmsg.OffsetCommitResponse, err error) {
			if response != nil && len(response.Topics) > 0 && len(response.Topics[0].Partitions) > 0 && err == nil {
				err = kerr.ErrorForCode(response.Topics[0].Partitions[0].ErrorCode)
			}
			if err != nil { // a new owner is sent them again, and answers stay answers
				slog.Info("offsets were not committed", "type", c.jobType, "error", err)
				c.putBack(life, offsets)
			}
		})
}

// putBack what was not committed: it is tried again while the partitions are here.
func (c *channel) putBack(life int, offsets map[int32]kgo.EpochOffset) {
	c.lock.Lock()
	defer c.lock.Unlock()
	for partition, offset := range offsets {
		if life == c.life && c.toCommit[partition] < offset.Offset {
			c.toCommit[partition] = offset.Offset
		}
	}
}

func (c *channel) onAssigned(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	c.lock.Lock()
	c.isAssigned, c.lastError = true, ""
	c.lock.Unlock()
	slog.Info("jobs come of partitions", "type", c.jobType, "topic", c.topic, "partitions", partitions[c.topic])
}

func (c *channel) onRevoked(_ context.Context, client *kgo.Client, _ map[string][]int32) {
	c.commit(client)
	c.forget()
}

// forget: what has not begun goes to who has the partitions now; what runs is answered from here, and the first answer wins.
func (c *channel) forget() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.life++
	c.queued = nil
	clear(c.progress)
	clear(c.toCommit)
	c.isAssigned = false
}

// -- The topic -------------------------------------------------------------------------------

// makeTopic: who comes first makes the topic; where that is not allowed, it is waited for.
func (c *channel) makeTopic() {
	for !c.ends.isSet() {
		c.turned.Store(time.Now().UnixNano())
		err := c.createTopic()
		if err == nil || errors.Is(err, kerr.TopicAlreadyExists) {
			return
		}
		if errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, kerr.ClusterAuthorizationFailed) {
			if c.hasTopic() {
				return
			}
			err = fmt.Errorf("the topic %s is not there and must not be made from here: the worker waits", c.topic)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			c.note(err)
		}
		c.wait(time.Second)
	}
}

func (c *channel) createTopic() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = c.topic, int32(c.worker.settings.JobPartitions), -1
	config := kmsg.NewCreateTopicsRequestTopicConfig()
	config.Name, config.Value = "max.message.bytes", kmsg.StringPtr("4194304")
	topic.Configs = append(topic.Configs, config)
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Topics, request.TimeoutMillis = append(request.Topics, topic), 10_000
	response, err := request.RequestWith(ctx, c.worker.answers.client)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(response.Topics[0].ErrorCode)
}

func (c *channel) hasTopic() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = kmsg.StringPtr(c.topic)
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = append(request.Topics, topic)
	response, err := request.RequestWith(ctx, c.worker.answers.client)
	return err == nil && len(response.Topics) == 1 && response.Topics[0].ErrorCode == 0
}
