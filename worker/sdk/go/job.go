// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"baton.dev/sdk/internal/batonv1"
)

// JobKind says who asks for the work.
type JobKind int

const (
	Task JobKind = iota
	ExecutionListener
	TaskListener
	AdHocSubProcess
	Reminder // the process does not wait for it
)

// Job as its handler sees it. Keys are 64-bit numbers; in decimal they are what REST and the console show.
type Job struct {
	Key             uint64
	Type            string
	Instance        uint64
	ElementInstance uint64
	ElementID       string
	ProcessID       string
	Version         int
	Definition      uint64
	Kind            JobKind
	ListenerEvent   string
	Tenant          string // empty: the default tenant
	Attempt         int    // counts offers of this job, from 1
	Retries         int    // failures that are still forgiven
	Priority        int
	Lease           time.Duration
	BusinessID      string
	RootInstance    uint64
	TraceParent     string // W3C Trace Context
	Headers         map[string]string
	UserTask        map[string]any // of task listeners: the task as it would be
	Tags            []string
	Secrets         map[string]string // JSON pointers of places that name a secret

	variables      []byte
	token          []byte
	replyPartition int32
	shutdown       <-chan struct{}
	lost           *flag
}

// flag is set once.
type flag struct {
	ctx context.Context
	set context.CancelFunc
}

func newFlag() *flag {
	ctx, set := context.WithCancel(context.Background())
	return &flag{ctx, set}
}

func (f *flag) done() <-chan struct{} { return f.ctx.Done() }

func (f *flag) isSet() bool { return f.ctx.Err() != nil }

// Shutdown is closed when the worker stops: there are the seconds of its grace to end.
func (j *Job) Shutdown() <-chan struct{} { return j.shutdown }

// LeaseLost is closed when the job is somebody else's by now: what is returned will count for nothing. The handler's context ends with it.
func (j *Job) LeaseLost() <-chan struct{} { return j.lost.done() }

// IdempotencyKey is the same in every attempt of the job: for what is done to the outside world.
func (j *Job) IdempotencyKey() string { return fmt.Sprintf("baton-%d", j.Key) }

// VariablesJSON are all variables of the job, as they came.
func (j *Job) VariablesJSON() json.RawMessage { return j.variables }

// Log has the job, its instance and its trace in each line.
func (j *Job) Log() *slog.Logger {
	log := slog.With("job", fmt.Sprint(j.Key), "instance", fmt.Sprint(j.Instance), "type", j.Type)
	if parts := strings.Split(j.TraceParent, "-"); len(parts) == 4 {
		log = log.With("trace_id", parts[1])
	}
	return log
}

type jobOfContext struct{}

// JobOf is the job that a handler's context belongs to; nil elsewhere.
func JobOf(ctx context.Context) *Job {
	job, _ := ctx.Value(jobOfContext{}).(*Job)
	return job
}

func readObject(data []byte, target any, what string) error {
	if len(data) == 0 {
		return nil
	}
	if !utf8.Valid(data) {
		return fmt.Errorf("the %s are no UTF-8", what)
	}
	if kind := kindOf(data); kind != "object" {
		return fmt.Errorf("the %s are no JSON object but %s", what, kind)
	}
	if err := unmarshal(data, target); err != nil {
		return fmt.Errorf("the %s cannot be read: %w", what, err)
	}
	return nil
}

// readJob gives a job that can be answered in any case; the error says what of it cannot be read.
func readJob(message *batonv1.Job, shutdown <-chan struct{}) (*Job, error) {
	job := &Job{Key: message.Key, Type: message.Type, Instance: message.Instance, ElementInstance: message.ElementInstance, ElementID: message.ElementId,
		ProcessID: message.ProcessId, Version: int(message.Version), Definition: message.Definition, Kind: JobKind(message.Kind),
		ListenerEvent: message.ListenerEvent, Tenant: message.Tenant, Attempt: int(message.Attempt), Retries: int(message.Retries),
		Priority: int(message.Priority), Lease: time.Duration(message.LeaseMs) * time.Millisecond, BusinessID: message.BusinessId,
		RootInstance: message.RootInstance, TraceParent: message.Traceparent, Secrets: map[string]string{}, variables: message.Variables,
		token: message.Token, replyPartition: message.ReplyPartition, shutdown: shutdown, lost: newFlag()}
	for _, secret := range message.Secrets {
		job.Secrets[secret.Pointer] = secret.Name
	}
	if job.Kind < Task || job.Kind > Reminder {
		return job, fmt.Errorf("jobs of kind %d came after this version of the SDK", job.Kind)
	}
	var all Variables
	if err := readObject(message.Variables, &all, "variables"); err != nil {
		return job, err
	}
	if err := readObject(message.Headers, &job.Headers, "headers"); err != nil {
		return job, err
	}
	if err := readObject(message.UserTask, &job.UserTask, "fields of the user task"); err != nil {
		return job, err
	}
	if len(message.Tags) > 0 {
		if err := unmarshal(message.Tags, &job.Tags); err != nil {
			return job, fmt.Errorf("the tags cannot be read: %w", err)
		}
	}
	return job, nil
}
