// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type counters struct {
	registry                                           *prometheus.Registry
	received, completed, failed, thrown, stale, unread *prometheus.CounterVec
	extended, lost, undelivered, restarts              *prometheus.CounterVec
	duration                                           *prometheus.HistogramVec
}

func newCounters(inFlight func() map[string]int) *counters {
	c := &counters{registry: prometheus.NewRegistry()}
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		made := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "baton_worker_" + name + "_total", Help: help}, append([]string{"type"}, more...))
		c.registry.MustRegister(made)
		return made
	}
	c.received = counter("jobs_received", "Jobs that came from Kafka.")
	c.completed = counter("jobs_completed", "Jobs that were completed.")
	c.failed = counter("jobs_failed", "Jobs that failed, by class of the failure.", "class")
	c.thrown = counter("jobs_thrown", "Jobs that ended with a BPMN error.")
	c.stale = counter("jobs_stale", "Jobs that came after a later attempt of theirs, or twice.")
	c.unread = counter("jobs_unreadable", "Records that are no jobs.")
	c.extended = counter("leases_extended", "Extensions of leases that were sent.")
	c.lost = counter("leases_lost", "Jobs that became somebody else's while they were worked on.")
	c.undelivered = counter("answers_undelivered", "Answers that Kafka did not take: the orchestrator offers these jobs again.")
	c.restarts = counter("loop_restarts", "Times that a loop ended by an error and began anew.")
	c.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "baton_worker_job_duration_seconds", Help: "How long handlers work.",
		Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800}}, []string{"type"})
	c.registry.MustRegister(c.duration, &gauge{inFlight, prometheus.NewDesc("baton_worker_jobs_in_flight", "Jobs that are worked on.", []string{"type"}, nil)})
	return c
}

// gauge is read when it is asked for.
type gauge struct {
	inFlight func() map[string]int
	desc     *prometheus.Desc
}

func (g *gauge) Describe(out chan<- *prometheus.Desc) { out <- g.desc }

func (g *gauge) Collect(out chan<- prometheus.Metric) {
	for jobType, count := range g.inFlight() {
		out <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, float64(count), jobType)
	}
}

// Metrics of the worker, to be registered elsewhere as well.
func (w *Worker) Metrics() prometheus.Gatherer { return w.counters.registry }

// TypeHealth of one job type.
type TypeHealth struct {
	TurnedAgo float64 `json:"turned_s_ago"` // seconds since its loop last turned
	Assigned  bool    `json:"assigned"`     // it has been given its place in the group
	InFlight  int     `json:"in_flight"`
	Paused    bool    `json:"paused"`
	LastError string  `json:"last_error"`
}

// Health is Live while all loops turn, whether brokers can be reached or not, and Ready when each type has its place in its group.
type Health struct {
	Live  bool                  `json:"live"`
	Ready bool                  `json:"ready"`
	Types map[string]TypeHealth `json:"types"`
}

// Health of the worker now.
func (w *Worker) Health() Health {
	health := Health{Live: true, Ready: !w.shutdown.isSet(), Types: map[string]TypeHealth{}}
	for name, channel := range w.channels {
		one := channel.health()
		health.Live = health.Live && one.TurnedAgo < silent.Seconds()
		health.Ready = health.Ready && one.Assigned
		health.Types[name] = one
	}
	return health
}

// serve /metrics, /health/live and /health/ready.
func (w *Worker) serve(address string) (*http.Server, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.counters.registry, promhttp.HandlerOpts{}))
	answer := func(isGood func(Health) bool) http.HandlerFunc {
		return func(out http.ResponseWriter, _ *http.Request) {
			health := w.Health()
			out.Header().Set("Content-Type", "application/json")
			if !isGood(health) {
				out.WriteHeader(http.StatusServiceUnavailable)
			}
			_ = json.NewEncoder(out).Encode(health)
		}
	}
	mux.HandleFunc("GET /health/live", answer(func(h Health) bool { return h.Live }))
	mux.HandleFunc("GET /health/ready", answer(func(h Health) bool { return h.Ready }))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("BATON_WORKER_METRICS: %w", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return server, nil
}
