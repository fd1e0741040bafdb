// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"baton.dev/sdk/internal/batonv1"
)

const (
	maxVariablesBytes = 1 << 20 // COMMAND_VARIABLES_BYTES of the orchestrator
	maxMessageBytes   = 8192
	firstBackoff      = time.Second
	maxBackoff        = 5 * time.Minute
	maxWait           = 24 * 24 * time.Hour // that a handler may ask for
)

// BpmnError is a business outcome that the process catches by its code. It uses no retries.
type BpmnError struct {
	Code      string
	Message   string
	Variables map[string]any
}

func (e *BpmnError) Error() string {
	if e.Message != "" {
		return e.Message
	}
	return e.Code
}

// RetryAfter is a failure that is tried again after Wait. It uses a retry, unless KeepsRetries.
type RetryAfter struct {
	Wait         time.Duration
	Message      string
	KeepsRetries bool
}

func (e *RetryAfter) Error() string {
	if e.Message != "" {
		return e.Message
	}
	return fmt.Sprintf("to be tried again after %v", e.Wait)
}

// Fatal is a failure that trying again does not mend: an incident at once, whatever retries are left.
type Fatal struct {
	Message string
	Err     error // may be nil
}

func (e *Fatal) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return strings.TrimPrefix(e.Message+": "+e.Err.Error(), ": ")
}

func (e *Fatal) Unwrap() error { return e.Err }

// BadInput says which variable does not fit what the handler takes. It is an incident at once.
type BadInput struct {
	Path    string
	Problem string
}

func (e *BadInput) Error() string { return fmt.Sprintf("variable %q%s", e.Path, e.Problem) }

// FailureClass says why a job failed: what becomes of it follows from this, never from the message. A business outcome is no failure but a BpmnError.
type FailureClass int32

const (
	Unspecified FailureClass = iota
	Transient                // it may go better later: one retry is used
	Throttled                // another system asks to come again later: no retry is used
	Permanent                // it will go wrong each time: an incident
	Auth                     // a credential was refused: an incident that names it
	Poison                   // an input cannot be worked on: an incident that names it
)

var failureClassNames = [...]string{"UNSPECIFIED", "TRANSIENT", "THROTTLED", "PERMANENT", "AUTH", "POISON"}

// String is the name that the protocol has for it.
func (c FailureClass) String() string {
	if c < 0 || int(c) >= len(failureClassNames) {
		return failureClassNames[Unspecified]
	}
	return failureClassNames[c]
}

// Failure of a class. Subject is the credential (Auth) or the input (Poison) that is meant; Wait is when to come again, at the earliest
// (Transient, Throttled); 0: as the class has it.
type Failure struct {
	Class   FailureClass
	Message string
	Subject string
	Wait    time.Duration
	Err     error // may be nil
}

func (e *Failure) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return strings.TrimPrefix(e.Message+": "+e.Err.Error(), ": ")
}

func (e *Failure) Unwrap() error { return e.Err }

// Denied is returned by a task listener: what was asked for does not happen.
type Denied struct{ Reason string }

// Corrected is returned by a task listener: the task is so (assignee, dueDate, followUpDate, candidateUsers, candidateGroups, priority).
type Corrected struct{ Corrections map[string]any }

// AdHoc is returned by the handler of an ad-hoc sub-process: what begins next, and whether it is over.
type AdHoc struct {
	Activate        []Activation
	IsComplete      bool
	CancelRemaining bool
	Variables       map[string]any
}

// Activation of an element of an ad-hoc sub-process.
type Activation struct {
	ElementID string
	Variables map[string]any
}

// Outcome is what becomes of a job: *Completed, *Thrown or *Failed.
type Outcome interface{ isOutcome() }

// Completed with these variables; Result is of listeners and ad-hoc sub-processes.
type Completed struct {
	Variables any
	Result    any
}

// Thrown is a BPMN error.
type Thrown struct {
	Code, Message string
	Variables     map[string]any
}

// Failed with so many retries left: 0 is an incident.
type Failed struct {
	Message string
	Retries int
	Backoff time.Duration
	Class   FailureClass
	Subject string
}

func (*Completed) isOutcome() {}
func (*Thrown) isOutcome()    {}
func (*Failed) isOutcome()    {}

// panicked is what a handler left behind instead of a result.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

var errLeft = errors.New("the handler ended its goroutine (runtime.Goexit) instead of returning")

func panicOf(value any) error { return &panicked{value, debug.Stack()} }

// backoff grows with each attempt: about 1 s after the first, at most 5 minutes; never 0.
func backoff(attempt int) time.Duration {
	wait := math.Min(float64(maxBackoff), float64(firstBackoff)*math.Pow(2, float64(min(max(attempt, 1)-1, 16))))
	return time.Duration(wait * (0.8 + 0.4*rand.Float64()))
}

func ofReturn(value any) Outcome {
	switch value := value.(type) {
	case *Completed:
		if value == nil {
			return &Completed{}
		}
		return value
	case Completed:
		return &value
	case Denied:
		return &Completed{Result: map[string]any{"denied": true, "deniedReason": value.Reason}}
	case Corrected:
		return &Completed{Result: map[string]any{"corrections": value.Corrections}}
	case AdHoc:
		return &Completed{Variables: value.Variables, Result: adHocResult(value)}
	}
	return &Completed{Variables: value}
}

func adHocResult(value AdHoc) any {
	elements := make([]any, 0, len(value.Activate))
	for _, one := range value.Activate {
		variables := one.Variables
		if variables == nil {
			variables = map[string]any{}
		}
		elements = append(elements, map[string]any{"elementId": one.ElementID, "variables": variables})
	}
	return map[string]any{"activateElements": elements, "isCompletionConditionFulfilled": value.IsComplete,
		"isCancelRemainingInstances": value.CancelRemaining}
}

func ofError(job *Job, err error) Outcome {
	var business *BpmnError
	var later *RetryAfter
	var fatal *Fatal
	var bad *BadInput
	var failure *Failure
	left := max(job.Retries-1, 0)
	switch {
	case errors.As(err, &business) && business != nil:
		if business.Code == "" {
			return &Failed{Message: "a BPMN error has a code, this one is empty: " + err.Error()}
		}
		return &Thrown{business.Code, business.Message, business.Variables}
	case errors.As(err, &later) && later != nil:
		wait, class := later.Wait, Transient
		if later.KeepsRetries {
			class = Throttled
		}
		if wait <= 0 {
			wait = backoff(job.Attempt)
		}
		return classed(job, &Failure{Class: class, Message: err.Error(), Wait: wait})
	case errors.As(err, &failure) && failure != nil && failure.Class != Unspecified:
		return classed(job, &Failure{Class: failure.Class, Message: err.Error(), Subject: failure.Subject, Wait: failure.Wait})
	case errors.As(err, &bad) && bad != nil:
		return classed(job, &Failure{Class: Poison, Message: err.Error(), Subject: bad.Path})
	case errors.As(err, &fatal):
		return classed(job, &Failure{Class: Permanent, Message: err.Error()})
	}
	return &Failed{Message: fmt.Sprint(err), Retries: left, Backoff: backoff(job.Attempt)} // not Error(), which a nil of some type does not have
}

// The retries are for orchestrators that do not know the class.
func classed(job *Job, failure *Failure) Outcome {
	left := 0
	switch failure.Class {
	case Transient:
		left = max(job.Retries-1, 0)
	case Throttled:
		left = max(job.Retries, 1)
	}
	return &Failed{failure.Message, left, max(min(failure.Wait, maxWait), 0), failure.Class, failure.Subject}
}

func cut(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if text == "" {
		return "the handler failed and said nothing of it"
	}
	if len(text) <= maxMessageBytes {
		return text
	}
	end := maxMessageBytes - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// commandOf answers the job. What cannot be sent becomes a failure that says so, and the outcome that is told.
func commandOf(job *Job, outcome Outcome, worker string) (*batonv1.Command, Outcome) {
	command := &batonv1.Command{Instance: job.Instance, Key: job.Key, Tenant: job.Tenant}
	answer, err := fill(command, outcome)
	if err != nil {
		outcome = &Failed{Message: err.Error()}
		answer, _ = fill(command, outcome)
	}
	answer.Attempt, answer.Token, answer.Worker = uint32(job.Attempt), job.token, worker
	return command, outcome
}

func fill(command *batonv1.Command, outcome Outcome) (*batonv1.JobAnswer, error) {
	answer := &batonv1.JobAnswer{}
	var err error
	switch outcome := outcome.(type) {
	case *Failed:
		answer.Message, answer.Retries = cut(outcome.Message), int32(min(max(outcome.Retries, 0), math.MaxInt32))
		answer.BackoffMs = max(outcome.Backoff.Milliseconds(), 0)
		answer.FailureClass, answer.Subject = batonv1.FailureClass(outcome.Class), strings.ToValidUTF8(outcome.Subject, "\uFFFD")
		command.Body = &batonv1.Command_FailJob{FailJob: answer}
	case *Thrown:
		answer.ErrorCode, answer.Message = outcome.Code, ""
		if outcome.Message != "" {
			answer.Message = cut(outcome.Message)
		}
		if !utf8.ValidString(outcome.Code) {
			return nil, fmt.Errorf("the code of the BPMN error is no UTF-8: %q", outcome.Code)
		}
		if answer.Variables, err = encodeObject(outcome.Variables, "variables"); err != nil {
			return nil, fmt.Errorf("variables of the BPMN error %s: %w", outcome.Code, err)
		}
		command.Body = &batonv1.Command_ThrowJobError{ThrowJobError: answer}
	case *Completed:
		if answer.Variables, err = encodeObject(outcome.Variables, "variables"); err != nil {
			return nil, err
		}
		if answer.Result, err = encodeObject(outcome.Result, "parts of the result"); err != nil {
			return nil, err
		}
		command.Body = &batonv1.Command_CompleteJob{CompleteJob: answer}
	}
	return answer, nil
}
