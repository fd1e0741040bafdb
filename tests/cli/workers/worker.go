// SPDX-License-Identifier: Apache-2.0

// A worker on franz-go that knows nothing of Baton but docs/protocol.md: completes so many jobs of a type, then ends.
//
//	worker BROKERS TOPIC-PREFIX TYPE COUNT
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The numbers and texts of a protobuf message, by field.
type fields struct {
	numbers map[uint64]uint64
	texts   map[uint64][]byte
}

func read(message []byte) fields {
	found := fields{map[uint64]uint64{}, map[uint64][]byte{}}
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		message = message[n:]
		value, n := binary.Uvarint(message)
		message = message[n:]
		if tag&7 == 2 {
			found.texts[tag>>3] = message[:value]
			message = message[value:]
		} else {
			found.numbers[tag>>3] = value
		}
	}
	return found
}

func number(out []byte, field, value uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(out, field<<3), value)
}

func text(out []byte, field uint64, value []byte) []byte {
	return append(binary.AppendUvarint(binary.AppendUvarint(out, field<<3|2), uint64(len(value))), value...)
}

func main() {
	brokers, prefix, jobType := os.Args[1], os.Args[2], os.Args[3]
	count, _ := strconv.Atoi(os.Args[4])
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.ConsumerGroup(prefix+".workers."+jobType), kgo.ConsumeTopics(prefix+".jobs."+jobType),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.AllowAutoTopicCreation())
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	for done := 0; done < count; {
		polled := client.PollFetches(ctx)
		if ctx.Err() != nil {
			panic(fmt.Sprintf("%d of %d jobs came", done, count))
		}
		polled.EachRecord(func(record *kgo.Record) {
			job := read(record.Value)
			answer := number(nil, 1, job.numbers[12])
			answer = text(answer, 2, job.texts[19])
			answer = text(answer, 3, []byte(`{"by":"franz-go"}`))
			command := number(number(nil, 1, job.numbers[2]), 2, job.numbers[1])
			command = text(command, 20, answer)
			err := client.ProduceSync(ctx, &kgo.Record{Topic: prefix + ".commands", Partition: int32(job.numbers[20]), Value: command}).FirstErr()
			if err != nil {
				panic(err)
			}
			done++
		})
	}
	if err := client.CommitUncommittedOffsets(ctx); err != nil {
		panic(err)
	}
	client.Close()
}
