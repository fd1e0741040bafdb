// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"sync"
	"sync/atomic"
	"time"

	"baton.dev/sdk/internal/batonv1"
)

const (
	defaultLease   = time.Minute
	shortestExtend = 100 * time.Millisecond
)

var born = time.Now() // leases are reckoned from it, so that a clock that is set does not matter

// lease of a job that is worked on: taken after a second of work, extended at a third of each, whatever the handler does.
type lease struct {
	lock   sync.Mutex
	timer  *time.Timer
	isOver bool
	until  atomic.Int64 // nanoseconds since born: when it ends as far as this worker knows; 0: it was not taken yet
}

func holdLease(w *Worker, job *Job, length time.Duration) *lease {
	if length == 0 {
		length = job.Lease
	}
	if length <= 0 {
		length = defaultLease
	}
	l := &lease{}
	l.lock.Lock()
	defer l.lock.Unlock()
	l.timer = time.AfterFunc(w.settings.Take, func() { l.extend(w, job, length) })
	return l
}

func (l *lease) extend(w *Worker, job *Job, length time.Duration) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.isOver {
		return
	}
	now := time.Since(born)
	if until := l.until.Load(); until != 0 && int64(now) > until {
		job.lost.set() // no extension reached Kafka in time
	}
	answer := &batonv1.JobAnswer{Attempt: uint32(job.Attempt), Token: job.token, Worker: w.settings.Name, ExtendMs: length.Milliseconds()}
	command := &batonv1.Command{Instance: job.Instance, Key: job.Key, Tenant: job.Tenant, Body: &batonv1.Command_ExtendJob{ExtendJob: answer}}
	w.counters.extended.WithLabelValues(job.Type).Inc()
	w.answers.send(job.replyPartition, command, func(err error) {
		if err == nil {
			l.until.Store(int64(now + length))
		}
	})
	l.timer.Reset(max(length/3, shortestExtend))
}

func (l *lease) end() {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.isOver = true
	l.timer.Stop()
}
