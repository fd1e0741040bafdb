// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func outcomeOf[In, Out any](t *testing.T, handle func(context.Context, In) (Out, error), variables any, change func(*Job)) Outcome {
	t.Helper()
	w := NewWorkerWith(Settings{Name: "w"})
	Handle(w, "t", handle)
	outcome, err := w.Test(context.Background(), "t", variables, change)
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

func failing(err error) func(context.Context, struct{}) (any, error) {
	return func(context.Context, struct{}) (any, error) { return nil, err }
}

type line struct {
	Sku   string      `json:"sku"`
	Price json.Number `json:"price"`
	Count int         `json:"count" default:"1"`
}

type wanted struct {
	N     int              `json:"n"`
	Lines []line           `json:"lines,omitempty"`
	Day   *time.Time       `json:"day"`
	More  map[string]int8  `json:"more,omitempty"`
	Any   any              `json:"any,omitempty"`
	Raw   *json.RawMessage `json:"raw"`
	inner
}

type inner struct {
	Below bool `json:"below,omitempty"`
}

func decoded(text string) (wanted, error) {
	var found wanted
	err := decodeInto([]byte(text), &found)
	return found, err
}

func TestVariablesAreGivenAsDeclared(t *testing.T) {
	day := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	raw := json.RawMessage(`{"a":1}`)
	for text, expected := range map[string]wanted{
		`{"n":3}`:                    {N: 3},
		`{"n":3,"N":4,"lines":null}`: {N: 3},
		`{"n":3,"lines":[{"sku":"a","price":0.10}]}`:       {N: 3, Lines: []line{{"a", "0.10", 1}}},
		`{"n":3,"day":"2026-11-30T08:00:00Z"}`:             {N: 3, Day: &day},
		`{"n":3,"more":{"x":4},"any":[1.50],"below":true}`: {N: 3, More: map[string]int8{"x": 4}, Any: []any{json.Number("1.50")}, inner: inner{true}},
		`{"n":3,"raw":{"a":1}}`:                            {N: 3, Raw: &raw},
	} {
		found, err := decoded(text)
		if err != nil || !reflect.DeepEqual(found, expected) {
			t.Errorf("%s: %+v, %v", text, found, err)
		}
	}
}

func TestWhatDoesNotFitIsNamed(t *testing.T) {
	for text, message := range map[string]string{
		`{}`:                                    `variable "n" is missing`,
		`{"N":1}`:                               `variable "n" is missing`,
		`{"n":"3"}`:                             `variable "n": expected int, found string`,
		`{"n":1.5}`:                             `variable "n": expected int, found 1.5`,
		`{"n":null}`:                            `variable "n": expected int, found null`,
		`{"n":1e30}`:                            `variable "n": expected int, found 1e30`,
		`{"n":true}`:                            `variable "n": expected int, found bool`,
		`{"n":1,"lines":{}}`:                    `variable "lines": expected an array, found object`,
		`{"n":1,"lines":[{"sku":"a"}]}`:         `variable "lines[0].price" is missing`,
		`{"n":1,"lines":[{"sku":1,"price":1}]}`: `variable "lines[0].sku": expected string, found 1`,
		`{"n":1,"more":{"x":400}}`:              `variable "more.x": expected int8, found 400`,
		`{"n":1,"more":[]}`:                     `variable "more": expected an object, found array`,
		`{"n":1,"day":"soon"}`:                  `variable "day": `,
	} {
		_, err := decoded(text)
		var bad *BadInput
		if !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), message) {
			t.Errorf("%s: %v instead of %s", text, err, message)
		}
	}
}

func TestEnds(t *testing.T) {
	thrown := outcomeOf(t, failing(fmt.Errorf("while paying: %w", &BpmnError{"NO", "text", map[string]any{"a": 1}})), nil, nil)
	if !reflect.DeepEqual(thrown, &Thrown{"NO", "text", map[string]any{"a": 1}}) {
		t.Errorf("%+v", thrown)
	}
	for _, one := range []struct {
		err      error
		retries  int
		expected Failed
	}{
		{&RetryAfter{Wait: 2500 * time.Millisecond, Message: "busy"}, 3, Failed{"busy", 2, 2500 * time.Millisecond, Transient, ""}},
		{&RetryAfter{Wait: time.Second, Message: "busy", KeepsRetries: true}, 1, Failed{"busy", 1, time.Second, Throttled, ""}},
		{&RetryAfter{Wait: 10_000 * time.Hour, Message: "busy"}, 3, Failed{"busy", 2, maxWait, Transient, ""}},
		{&Fatal{Message: "never"}, 3, Failed{"never", 0, 0, Permanent, ""}},
		{&BadInput{Path: "n", Problem: " is missing"}, 3, Failed{`variable "n" is missing`, 0, 0, Poison, "n"}},
		{&Failure{Class: Auth, Message: "401", Subject: "shop-key"}, 3, Failed{"401", 0, 0, Auth, "shop-key"}},
		{&BpmnError{}, 3, Failed{"a BPMN error has a code, this one is empty: ", 0, 0, Unspecified, ""}},
	} {
		found := outcomeOf(t, failing(one.err), nil, func(job *Job) { job.Retries = one.retries })
		if !reflect.DeepEqual(found, &one.expected) {
			t.Errorf("%v: %+v", one.err, found)
		}
	}
	found := outcomeOf(t, failing(errors.New("down")), nil, func(job *Job) { job.Attempt = 3 }).(*Failed)
	if found.Message != "down" || found.Retries != 2 || found.Backoff < 3200*time.Millisecond || found.Backoff > 4800*time.Millisecond {
		t.Errorf("%+v", found)
	}
}

func TestHandlersThatDoNotReturnHaveFailed(t *testing.T) {
	panics := outcomeOf(t, func(context.Context, struct{}) (any, error) { panic("oh") }, nil, nil).(*Failed)
	leaves := outcomeOf(t, func(context.Context, struct{}) (any, error) {
		runtime.Goexit()
		return nil, nil
	}, nil, nil).(*Failed)
	if panics.Message != "panic: oh" || panics.Retries != 2 || !strings.Contains(leaves.Message, "Goexit") || leaves.Retries != 2 {
		t.Errorf("%+v %+v", panics, leaves)
	}
}

type writesItself struct{}

func (writesItself) MarshalJSON() ([]byte, error) { panic("no") }

type shy struct{ text string }

func (s *shy) Error() string { return s.text }

func TestNothingThatAHandlerGivesEndsTheProcess(t *testing.T) {
	var business *BpmnError
	var mine *shy
	for _, handle := range []func(context.Context, struct{}) (any, error){
		func(context.Context, struct{}) (any, error) { return nil, business },
		func(context.Context, struct{}) (any, error) { return nil, mine },
		func(context.Context, struct{}) (any, error) { return map[string]any{"a": writesItself{}}, nil },
	} {
		if failed, is := outcomeOf(t, handle, nil, nil).(*Failed); !is || failed.Message == "" {
			t.Errorf("%+v", failed)
		}
	}
	if outcome := outcomeOf(t, func(context.Context, struct{}) (*Completed, error) { return nil, nil }, nil, nil); !reflect.DeepEqual(outcome, &Completed{Variables: Variables(nil)}) {
		t.Errorf("%+v", outcome)
	}
	if !NewWorkerWith(Settings{}).Stop(0) {
		t.Error("a worker that was not started cannot be stopped")
	}
}

func TestWhatCannotBeSentIsNamed(t *testing.T) {
	itself := map[string]any{}
	itself["me"] = itself
	for _, one := range []struct {
		value   any
		message string
	}{
		{map[string]any{"a": map[string]any{"b": []float64{math.Inf(1)}}}, "a.b[0] is +Inf, which is no number in JSON"},
		{struct{ F func() }{func() {}}, "F is a func(), which JSON does not have"},
		{itself, "me contains itself"},
		{map[string]string{"half": "\xff"}, "half holds bytes that are no UTF-8 text"},
		{7, "the handler returned a int; variables have names: return a struct, a map or nil"},
		{map[string]any{"small": 1, "big": strings.Repeat("x", 1_100_000)}, `the variables have 1100020 bytes, at most 1048576 are taken; "big" alone has 1100002`},
	} {
		found := outcomeOf(t, func(context.Context, struct{}) (any, error) { return one.value, nil }, nil, nil)
		if !reflect.DeepEqual(found, &Failed{Message: one.message}) {
			t.Errorf("%+v instead of %s", found, one.message)
		}
	}
	part := map[string]any{"a": 1}
	twice := outcomeOf(t, func(context.Context, struct{}) (any, error) {
		return map[string]any{"x": part, "y": []any{part, part}, "t": time.Time{}}, nil
	}, nil, nil)
	if _, is := twice.(*Completed); !is {
		t.Errorf("the same twice is no cycle: %+v", twice)
	}
}

func TestNoDigitIsLost(t *testing.T) {
	text := json.Number("1234567890123456789012345678901.234")
	found := outcomeOf(t, func(_ context.Context, in Variables) (any, error) { return in, nil }, map[string]any{"a": text}, nil).(*Completed)
	if found.Variables.(Variables)["a"] != text {
		t.Errorf("%v", found.Variables)
	}
}

func TestMiddlewareAndJob(t *testing.T) {
	w := NewWorkerWith(Settings{})
	var steps []string
	Handle(w, "t", func(ctx context.Context, in struct {
		A int `json:"a"`
	}) (map[string]any, error) {
		steps = append(steps, JobOf(ctx).IdempotencyKey())
		return map[string]any{"b": in.A}, nil
	})
	for _, name := range []string{"outer", "inner"} {
		w.Use(func(ctx context.Context, job *Job, next func(context.Context) (any, error)) (any, error) {
			steps = append(steps, name+" "+job.Type)
			return next(ctx)
		})
	}
	outcome, err := w.Test(context.Background(), "t", map[string]any{"a": 1}, nil)
	if err != nil || !reflect.DeepEqual(outcome, &Completed{Variables: Variables{"b": json.Number("1")}}) {
		t.Errorf("%+v %v", outcome, err)
	}
	if strings.Join(steps, ", ") != "outer t, inner t, baton-1" {
		t.Errorf("%v", steps)
	}
}

func TestDeclarationsThatAreWrong(t *testing.T) {
	if err := NewWorkerWith(Settings{}).Start(); err == nil || !strings.Contains(err.Error(), "no handlers") {
		t.Error(err)
	}
	w := NewWorkerWith(Settings{})
	Handle(w, "t", failing(nil))
	Handle(w, "t", failing(nil))
	if err := w.Start(); err == nil || !strings.Contains(err.Error(), `"t" already`) {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) {
	s, err := settingsOf(map[string]string{"BATON_KAFKA_PROPERTIES": `a.b=c; d=e=f;p=x\;y\;`, "BATON_WORKER_MAX_CONCURRENT": "7", "BATON_WORKER_CHARGE_CARD_MAX_CONCURRENT": "2"})
	if err != nil || s.Properties["a.b"] != "c" || s.Properties["d"] != "e=f" || s.Properties["p"] != "x;y;" {
		t.Fatal(s, err)
	}
	own, _ := s.ofType("charge-card", 5, 0)
	other, _ := s.ofType("other", 5, 0)
	if own.maxConcurrent != 2 || other.maxConcurrent != 5 || s.check([]string{"charge-card"}) != nil {
		t.Error(own, other)
	}
	if _, err := s.ofType("other", -1, 0); err == nil {
		t.Error("fewer than one at one time")
	}
	if err := s.check([]string{"other"}); err == nil || !strings.Contains(err.Error(), "BATON_WORKER_CHARGE_CARD_MAX_CONCURRENT") {
		t.Error(err)
	}
	if _, err := s.kafkaOptions("x"); err == nil || !strings.Contains(err.Error(), "does not know") {
		t.Error(err)
	}
	for name, value := range map[string]string{"BATON_WORKER_PAUSED": "yes", "BATON_WORKER_GRACE_MS": "-1", "BATON_KAFKA_SESSION_MS": "5", "BATON_WORKER_LOG": "xml"} {
		if _, err := settingsOf(map[string]string{name: value}); err == nil || !strings.Contains(err.Error(), name) {
			t.Error(name, err)
		}
	}
}

func TestPartsOfTopics(t *testing.T) {
	for jobType, part := range map[string]string{"pay": "pay", "io.camunda:http-json:1": "io.camunda_x3ahttp-json_x3a1", "a_x": "a_x5fx", "ü": "_xc3_xbc", "a_b": "a_b"} {
		if found, err := partOfJobType(jobType); found != part || err != nil {
			t.Error(jobType, found, err)
		}
	}
	for _, wrong := range []string{"", strings.Repeat("x", 201), strings.Repeat(":", 51)} {
		if _, err := partOfJobType(wrong); err == nil {
			t.Error(wrong)
		}
	}
}

func TestOffsetsWaitForTheFirst(t *testing.T) {
	p := &progress{}
	for _, offset := range []int64{3, 4, 7} {
		p.begin(offset)
	}
	for _, one := range [][2]int64{{4, -1}, {3, 7}, {9, -1}, {3, -1}, {7, 8}} {
		if found := p.end(one[0]); found != one[1] {
			t.Errorf("end(%d) = %d", one[0], found)
		}
	}
}

func TestSpansGoOnWithTheTraceOfTheInstance(t *testing.T) {
	told := tracetest.NewSpanRecorder()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(told)))
	outcomeOf(t, failing(nil), nil, func(job *Job) { job.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" })
	spans := told.Ended()
	if len(spans) != 1 || spans[0].Name() != "job t" || spans[0].SpanContext().TraceID().String() != "0af7651916cd43dd8448eb211c80319c" ||
		spans[0].Parent().SpanID().String() != "b7ad6b7169203331" {
		t.Error(spans)
	}
}

// The first program of the README, as it stands there, is that of readme_test.go.
func TestTheReadmeSaysWhatIsSo(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	tried, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	handler := regexp.MustCompile(`(?s)type charge struct.*?\n}\n\nfunc pay.*?\n}\n`)
	if said := handler.FindString(string(readme)); said == "" || said != handler.FindString(string(tried)) {
		t.Errorf("the README says\n%s", said)
	}
}
