// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"context"
	"time"

	"baton.dev/sdk/internal/batonv1"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/proto"
)

// answers go to Kafka by one idempotent producer for all types.
type answers struct {
	client *kgo.Client
	topic  string
}

func newAnswers(s *Settings) (*answers, error) {
	options, err := s.kafkaOptions("answers")
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append(options, kgo.RequiredAcks(kgo.AllISRAcks()), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(time.Millisecond), kgo.ProducerBatchMaxBytes(4<<20), kgo.RecordDeliveryTimeout(2*time.Minute), kgo.MaxBufferedRecords(10_000))...)
	return &answers{client, s.Prefix + ".commands"}, err
}

// send calls done from another goroutine, with what went wrong or nil. It waits while too much is under way.
func (a *answers) send(partition int32, command *batonv1.Command, done func(error)) {
	value, err := proto.Marshal(command)
	if err != nil {
		done(err)
		return
	}
	record := &kgo.Record{Topic: a.topic, Partition: partition, Value: value,
		Headers: []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/x-protobuf; proto=baton.v1.Command")}}}
	a.client.Produce(context.Background(), record, func(_ *kgo.Record, err error) { done(err) })
}

// flush is false where some answers did not reach Kafka.
func (a *answers) flush(ctx context.Context) bool { return a.client.Flush(ctx) == nil }

func (a *answers) close() { a.client.Close() }
