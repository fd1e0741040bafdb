// SPDX-License-Identifier: Apache-2.0

// The handlers that worker/sdk/conformance asks of every SDK (its README says what each does).
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	baton "baton.dev/sdk"
)

type none struct{}

type person struct {
	Name string `json:"name"`
	Age  int    `json:"age"`
}

type typed struct {
	Count  int     `json:"count"`
	Text   string  `json:"text" default:"default"`
	Person *person `json:"person"`
}

type words struct {
	Code      any            `json:"code,omitempty"`
	Message   string         `json:"message,omitempty"`
	Variables map[string]any `json:"variables,omitempty"`
}

type wait struct {
	Seconds float64 `json:"seconds,omitempty"`
	Ms      int     `json:"ms,omitempty"`
	Keeps   bool    `json:"keeps,omitempty"`
	Polite  bool    `json:"polite,omitempty"`
}

func (w wait) rest() { time.Sleep(time.Duration(w.Ms) * time.Millisecond) }

func serve[In any](w *baton.Worker, name string, handle func(context.Context, In) (any, error), options ...baton.Option) {
	baton.Handle(w, os.Getenv("CONFORMANCE_TYPES")+"."+name, handle, options...)
}

func meta(ctx context.Context, _ none) (any, error) {
	job := baton.JobOf(ctx)
	return map[string]any{"meta": map[string]any{"process": job.ProcessID, "element": job.ElementID, "instance": fmt.Sprint(job.Instance), "kind": job.Kind,
		"businessId": job.BusinessID, "tags": job.Tags, "headers": job.Headers, "priority": job.Priority, "tenant": job.Tenant, "attempt": job.Attempt,
		"idempotencyKey": job.IdempotencyKey()}}, nil
}

func returns(_ context.Context, in struct {
	Kind string `json:"kind"`
	Size int    `json:"size,omitempty"`
}) (any, error) {
	itself := map[string]any{}
	itself["me"] = itself
	return map[string]any{
		"nan":       map[string]any{"deep": []any{1, math.NaN()}},
		"cycle":     map[string]any{"itself": itself},
		"function":  map[string]any{"call": func() {}},
		"list":      []int{1, 2},
		"surrogate": map[string]any{"half": "\xed\xa0\x80"},
		"large":     map[string]any{"small": 1, "big": strings.Repeat("x", in.Size)},
	}[in.Kind], nil
}

func listener(_ context.Context, in struct {
	What        string         `json:"what,omitempty"`
	Reason      string         `json:"reason,omitempty"`
	Corrections map[string]any `json:"corrections,omitempty"`
}) (any, error) {
	switch in.What {
	case "deny":
		return baton.Denied{Reason: in.Reason}, nil
	case "correct":
		return baton.Corrected{Corrections: in.Corrections}, nil
	}
	return nil, nil
}

func adHoc(_ context.Context, in struct {
	Activate []string `json:"activate"`
	Complete bool     `json:"complete,omitempty"`
}) (any, error) {
	var all []baton.Activation
	for _, one := range in.Activate {
		all = append(all, baton.Activation{ElementID: one, Variables: map[string]any{"by": "worker"}})
	}
	return baton.AdHoc{Activate: all, IsComplete: in.Complete}, nil
}

func isClosed(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}

func slow(ctx context.Context, in wait) (any, error) {
	job, until := baton.JobOf(ctx), time.Now().Add(time.Duration(in.Ms)*time.Millisecond)
	for time.Now().Before(until) && !(in.Polite && (isClosed(job.Shutdown()) || isClosed(job.LeaseLost()))) {
		time.Sleep(20 * time.Millisecond)
	}
	return map[string]any{"shutdown": isClosed(job.Shutdown()), "leaseLost": isClosed(job.LeaseLost())}, nil
}

var (
	lock       sync.Mutex
	here, most int
	runs       = map[uint64]int{}
)

func peak(_ context.Context, in wait) (any, error) {
	lock.Lock()
	here++
	most = max(most, here)
	lock.Unlock()
	in.rest()
	lock.Lock()
	defer lock.Unlock()
	here--
	return map[string]any{"most": most}, nil
}

func counted(ctx context.Context, in wait) (any, error) {
	lock.Lock()
	key := baton.JobOf(ctx).Key
	runs[key]++
	mine := runs[key]
	lock.Unlock()
	in.rest()
	return map[string]any{"run": mine}, nil
}

type classed struct {
	Class   string  `json:"class"`
	Message string  `json:"message"`
	Subject string  `json:"subject"`
	Seconds float64 `json:"seconds"`
}

var classes = map[string]baton.FailureClass{"TRANSIENT": baton.Transient, "THROTTLED": baton.Throttled, "PERMANENT": baton.Permanent, "AUTH": baton.Auth,
	"POISON": baton.Poison}

func ends(w *baton.Worker) {
	serve(w, "error", func(_ context.Context, in words) (any, error) {
		code, isText := in.Code.(string)
		if !isText {
			return nil, &baton.Fatal{Message: fmt.Sprintf("the code is %v", in.Code)}
		}
		return nil, &baton.BpmnError{Code: code, Message: in.Message, Variables: in.Variables}
	})
	serve(w, "fail", func(_ context.Context, in words) (any, error) { return nil, errors.New(in.Message) })
	serve(w, "fatal", func(_ context.Context, in words) (any, error) { return nil, &baton.Fatal{Message: in.Message} })
	serve(w, "classed", func(_ context.Context, in classed) (any, error) {
		return nil, &baton.Failure{Class: classes[in.Class], Message: in.Message, Subject: in.Subject, Wait: time.Duration(in.Seconds * float64(time.Second))}
	})
	serve(w, "leave", func(context.Context, none) (any, error) {
		runtime.Goexit()
		return nil, nil
	})
	serve(w, "later", func(_ context.Context, in wait) (any, error) {
		return nil, &baton.RetryAfter{Wait: time.Duration(in.Seconds * float64(time.Second)), KeepsRetries: in.Keeps}
	})
	serve(w, "nothing", func(context.Context, none) (any, error) { return nil, nil })
	serve(w, "return", returns)
}

func main() {
	w := baton.NewWorker()
	serve(w, "echo", func(_ context.Context, in baton.Variables) (any, error) { return map[string]any{"echo": in}, nil })
	serve(w, "meta", meta)
	serve(w, "typed", func(_ context.Context, in typed) (any, error) { return in, nil })
	ends(w)
	serve(w, "listener", listener)
	serve(w, "adhoc", adHoc)
	serve(w, "slow", slow, baton.MaxConcurrent(16))
	serve(w, "peak", peak, baton.MaxConcurrent(4))
	serve(w, "counted", counted)
	serve(w, "async", func(_ context.Context, in wait) (any, error) {
		in.rest()
		return nil, nil
	})
	serve(w, "block", func(context.Context, none) (any, error) { select {} }, baton.MaxConcurrent(1))
	serve(w, "interrupted", func(ctx context.Context, _ none) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	serve(w, "crash", func(_ context.Context, in wait) (any, error) {
		in.rest()
		if os.Getenv("CONFORMANCE_CRASHES") != "false" {
			os.Exit(9)
		}
		return nil, nil
	})
	serve(w, "odd:type/ü_x", func(context.Context, none) (any, error) { return map[string]any{"odd": true}, nil })
	if err := w.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
