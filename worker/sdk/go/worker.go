// SPDX-License-Identifier: Apache-2.0

// Package baton is for programs in Go that work for Baton: workers over Kafka, and a client of the REST API.
package baton

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// ErrGraceOver is what Run gives when jobs had not ended within the grace: others get them.
var ErrGraceOver = errors.New("jobs had not ended within the grace")

// Middleware is called around every handler, the first one outermost.
type Middleware func(ctx context.Context, job *Job, next func(context.Context) (any, error)) (any, error)

// Option of a handler.
type Option func(*handler)

// MaxConcurrent jobs of the type are worked on at one time; the environment goes before it.
func MaxConcurrent(most int) Option { return func(h *handler) { h.maxConcurrent = most } }

// Lease that is asked for while the work lasts, instead of the one that the job says.
func Lease(length time.Duration) Option { return func(h *handler) { h.lease = length } }

type handler struct {
	jobType       string
	call          func(context.Context, *Job) (any, error)
	maxConcurrent int
	lease         time.Duration
}

// Worker serves any number of job types in one process. Configured by the environment (Settings).
type Worker struct {
	settings   Settings
	handlers   map[string]*handler
	middleware []Middleware
	channels   map[string]*channel
	answers    *answers
	counters   *counters
	server     *http.Server // nil: none
	shutdown   *flag
	base       context.Context // of all handlers; ends with the grace
	cancel     context.CancelFunc
	err        error // the first of what was declared wrongly
}

// NewWorker with the settings of the environment. What is wrong with them, Start says.
func NewWorker() *Worker {
	settings, err := SettingsFromEnvironment()
	return newWorker(settings, err)
}

// NewWorkerWith these settings; begin with those of SettingsFromEnvironment.
func NewWorkerWith(settings Settings) *Worker { return newWorker(settings, nil) }

func newWorker(settings Settings, err error) *Worker {
	w := &Worker{settings: settings, handlers: map[string]*handler{}, channels: map[string]*channel{}, shutdown: newFlag(), err: err}
	w.base, w.cancel = context.WithCancel(context.Background())
	w.counters = newCounters(func() map[string]int {
		found := map[string]int{}
		for name, channel := range w.channels {
			found[name] = channel.inFlight()
		}
		return found
	})
	return w
}

// Handle registers a handler for jobs of the type.
//
// In is filled with the job's variables: a struct by its json names (a field is required unless it is a pointer, has omitempty or a default:"…"), or
// Variables for all of them. What comes back are variables: a struct, a map with text keys, nil; or Denied, Corrected, AdHoc, Completed.
// Errors: *BpmnError, *RetryAfter, *Failure, *Fatal; any other, and a panic, is a failure that is tried again, later each time. JobOf(ctx) is the job; ctx ends when
// the job's lease is lost, or the grace of a worker that stops is over.
func Handle[In, Out any](w *Worker, jobType string, handle func(context.Context, In) (Out, error), options ...Option) {
	h := &handler{jobType: jobType, call: func(ctx context.Context, job *Job) (any, error) {
		var in In
		if err := decodeInto(job.variables, &in); err != nil {
			return nil, err
		}
		return handle(ctx, in)
	}}
	for _, option := range options {
		option(h)
	}
	if w.handlers[jobType] != nil && w.err == nil {
		w.err = fmt.Errorf("there is a handler for jobs of type %q already", jobType)
	}
	w.handlers[jobType] = h
}

// Use calls the middleware around every handler.
func (w *Worker) Use(middleware Middleware) { w.middleware = append(w.middleware, middleware) }

// -- Running ---------------------------------------------------------------------------------

// Run until SIGTERM or SIGINT, and then until what is under way has ended, or the grace is over (ErrGraceOver; a second signal: at once).
func (w *Worker) Run() error {
	if w.settings.LogJSON {
		slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	}
	asked := make(chan os.Signal, 2)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(asked)
	if err := w.Start(); err != nil {
		return err
	}
	<-asked
	go func() {
		number, isNumber := (<-asked).(syscall.Signal)
		if isNumber {
			os.Exit(128 + int(number))
		}
	}()
	if !w.Stop(w.settings.Grace) {
		return ErrGraceOver
	}
	return nil
}

// Start returns at once. Kafka may be away: jobs come when it is back.
func (w *Worker) Start() error {
	if w.err != nil {
		return w.err
	}
	if len(w.handlers) == 0 {
		return errors.New("the worker has no handlers: declare one with baton.Handle(worker, \"type\", …)")
	}
	var names []string
	for name := range w.handlers {
		names = append(names, name)
	}
	if err := w.settings.check(names); err != nil {
		return err
	}
	for name, handler := range w.handlers {
		channel, err := newChannel(w, handler)
		if err != nil {
			return err
		}
		if _, err = channel.options(); err != nil {
			return err
		}
		w.channels[name] = channel
	}
	var err error
	if w.answers, err = newAnswers(&w.settings); err != nil {
		return err
	}
	if w.settings.Metrics != "" {
		if w.server, err = w.serve(w.settings.Metrics); err != nil {
			return err
		}
	}
	for _, channel := range w.channels {
		go channel.supervise()
	}
	slog.Info("the worker serves", "worker", w.settings.Name, "types", strings.Join(names, ", "))
	return nil
}

// Stop takes no more jobs, tells the handlers, keeps their leases, and waits for them; then commits and leaves. False: some had not ended.
func (w *Worker) Stop(grace time.Duration) bool {
	until := time.Now().Add(grace)
	w.shutdown.set()
	left := w.inFlight()
	for left > 0 && time.Now().Before(until) {
		time.Sleep(10 * time.Millisecond)
		left = w.inFlight()
	}
	if left > 0 {
		slog.Warn("jobs have not ended within the grace: others will get them", "jobs", left, "grace", grace)
	}
	w.cancel()
	if w.answers == nil {
		return true // it was not started
	}
	ctx, cancel := context.WithDeadline(context.Background(), later(until, time.Now().Add(time.Second)))
	defer cancel()
	isFlushed := w.answers.flush(ctx)
	hasLeft := w.leave(time.After(closeWait))
	w.answers.close()
	if w.server != nil {
		_ = w.server.Close()
	}
	return left == 0 && isFlushed && hasLeft
}

// leave all groups. False: some brokers have not answered in time, and take this worker for dead in theirs.
func (w *Worker) leave(late <-chan time.Time) bool {
	for _, channel := range w.channels {
		channel.ends.set()
	}
	for _, channel := range w.channels {
		select {
		case <-channel.ended:
		case <-late:
			slog.Warn("Kafka does not answer: the worker ends without leaving its groups")
			return false
		}
	}
	return true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (w *Worker) inFlight() int {
	count := 0
	for _, channel := range w.channels {
		count += channel.inFlight()
	}
	return count
}

// Pause begins no more jobs of the type; those under way go on. An error where the type is not served.
func (w *Worker) Pause(jobType string) error { return w.setPaused(jobType, true) }

// Resume what Pause has stopped.
func (w *Worker) Resume(jobType string) error { return w.setPaused(jobType, false) }

func (w *Worker) setPaused(jobType string, paused bool) error {
	channel := w.channels[jobType]
	if channel == nil {
		return fmt.Errorf("no jobs of type %q are served", jobType)
	}
	channel.paused.Store(paused)
	return nil
}

// -- Working ---------------------------------------------------------------------------------

// Test says what the handler makes of a job, without a broker: *Completed (its variables as Variables), *Thrown or *Failed. change, which may be nil, alters
// the job before.
func (w *Worker) Test(ctx context.Context, jobType string, variables any, change func(*Job)) (Outcome, error) {
	h := w.handlers[jobType]
	if h == nil {
		return nil, fmt.Errorf("no handler for jobs of type %q", jobType)
	}
	data, err := encodeObject(variables, "variables")
	if err != nil {
		return nil, err
	}
	job := &Job{Key: 1, Type: jobType, Instance: 2, ElementInstance: 3, ElementID: "task", ProcessID: "process", Version: 1, Definition: 4, Attempt: 1, Retries: 3,
		Lease: defaultLease, RootInstance: 2, variables: data, shutdown: w.shutdown.done(), lost: newFlag()}
	if change != nil {
		change(job)
	}
	ended := make(chan Outcome, 1)
	w.workOn(ctx, h, job, func(outcome Outcome) { ended <- outcome })
	command, outcome := commandOf(job, <-ended, w.settings.Name)
	if completed, is := outcome.(*Completed); is {
		var told Variables
		if data := command.GetCompleteJob().Variables; len(data) > 0 {
			err = unmarshal(data, &told)
		}
		return &Completed{Variables: told, Result: completed.Result}, err
	}
	return outcome, nil
}

func (w *Worker) begin(c *channel, r *running) {
	r.lease = holdLease(w, r.job, c.own.lease)
	began := time.Now()
	w.workOn(w.base, c.handler, r.job, func(outcome Outcome) {
		w.counters.duration.WithLabelValues(c.jobType).Observe(time.Since(began).Seconds())
		w.answer(c, r, outcome)
	})
}

// workOn calls then on the goroutine of the handler, whatever that does, once.
func (w *Worker) workOn(base context.Context, h *handler, job *Job, then func(Outcome)) {
	ctx, cancel := context.WithCancel(context.WithValue(base, jobOfContext{}, job))
	forget := context.AfterFunc(job.lost.ctx, cancel)
	go func() {
		outcome := Outcome(nil)
		defer func() {
			forget()
			cancel()
			if outcome == nil {
				outcome = ofError(job, errLeft)
			}
			then(outcome)
		}()
		outcome = w.outcomeOf(ctx, h, job)
	}()
}

func (w *Worker) outcomeOf(ctx context.Context, h *handler, job *Job) (outcome Outcome) {
	defer func() { // of errors whose methods panic: the process and its other jobs go on
		if problem := recover(); problem != nil {
			outcome = &Failed{Message: fmt.Sprintf("panic: %v", problem), Retries: max(job.Retries-1, 0), Backoff: backoff(job.Attempt)}
		}
	}()
	ctx, span := startSpan(ctx, job)
	defer span.End()
	call := func(ctx context.Context) (any, error) { return h.call(ctx, job) }
	for i := len(w.middleware) - 1; i >= 0; i-- {
		around, next := w.middleware[i], call
		call = func(ctx context.Context) (any, error) { return around(ctx, job, next) }
	}
	value, err := guard(ctx, call)
	if err == nil {
		return ofReturn(value)
	}
	span.RecordError(err)
	outcome = ofError(job, err)
	if failed, is := outcome.(*Failed); is {
		log := job.Log().With("attempt", job.Attempt, "retries_left", failed.Retries)
		var panicked *panicked
		if errors.As(err, &panicked) {
			log = log.With("stack", string(panicked.stack))
		}
		log.Warn("the job failed", "error", failed.Message)
	}
	return outcome
}

func guard(ctx context.Context, call func(context.Context) (any, error)) (value any, err error) {
	defer func() {
		if what := recover(); what != nil {
			err = panicOf(what)
		}
	}()
	return call(ctx)
}

func startSpan(ctx context.Context, job *Job) (context.Context, trace.Span) {
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": job.TraceParent})
	return otel.Tracer("baton").Start(ctx, "job "+job.Type, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
		attribute.String("messaging.system", "kafka"), attribute.String("baton.job.key", fmt.Sprint(job.Key)),
		attribute.String("baton.instance.key", fmt.Sprint(job.Instance)), attribute.String("baton.process.id", job.ProcessID),
		attribute.String("baton.element.id", job.ElementID), attribute.Int("baton.job.attempt", job.Attempt)))
}

func (w *Worker) answer(c *channel, r *running, outcome Outcome) {
	if r.lease != nil {
		r.lease.end()
	}
	if _, isFailed := outcome.(*Failed); isFailed && w.base.Err() != nil {
		c.dropped(r) // the grace is over: others get it, with all its retries
		return
	} else if isFailed && r.job.lost.isSet() {
		c.finished(r) // it is somebody else's
		return
	}
	command, told := commandOf(r.job, outcome, w.settings.Name)
	switch told := told.(type) {
	case *Failed:
		w.counters.failed.WithLabelValues(c.jobType, told.Class.String()).Inc()
	case *Completed:
		w.counters.completed.WithLabelValues(c.jobType).Inc()
	case *Thrown:
		w.counters.thrown.WithLabelValues(c.jobType).Inc()
	}
	w.answers.send(r.job.replyPartition, command, func(err error) {
		if err != nil {
			w.counters.undelivered.WithLabelValues(c.jobType).Inc()
			r.job.Log().Error("the answer did not reach Kafka: the job will be offered again", "error", err)
		}
		c.finished(r)
	})
}
