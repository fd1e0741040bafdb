// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Settings of a worker, by the environment alone where nothing else is said. The names are those of `baton config print`, and BATON_WORKER_….
type Settings struct {
	Brokers       []string
	Properties    map[string]string // as librdkafka calls them: security.protocol, sasl.mechanism, ssl.ca.location …
	Prefix        string            // of topics and groups
	JobPartitions int               // of a topic that the worker makes
	Session       time.Duration     // how long the jobs of a killed worker lie
	Name          string            // who answers, in the history
	MaxConcurrent int               // jobs of a type at one time
	Lease         time.Duration     // 0: what the job says
	Grace         time.Duration     // from the signal to stop until the process ends
	Take          time.Duration     // a job that is worked on for so long is taken
	Paused        bool
	Metrics       string // host:port that serves /metrics and /health; empty: none
	LogJSON       bool
	environment   map[string]string // BATON_WORKER_…
}

type typeSettings struct {
	maxConcurrent int
	lease         time.Duration
	paused        bool
}

// SettingsFromEnvironment names a variable that is wrong.
func SettingsFromEnvironment() (Settings, error) {
	env := map[string]string{}
	for _, one := range os.Environ() {
		if name, value, _ := strings.Cut(one, "="); strings.HasPrefix(name, "BATON_") {
			env[name] = value
		}
	}
	return settingsOf(env)
}

func settingsOf(env map[string]string) (Settings, error) {
	r := reader{env: env}
	host, _ := os.Hostname()
	s := Settings{
		Brokers:       strings.Split(strings.ReplaceAll(r.text("BATON_KAFKA_BROKERS", "127.0.0.1:9092"), " ", ""), ","),
		Prefix:        r.text("BATON_KAFKA_TOPIC_PREFIX", "baton"),
		Properties:    r.properties("BATON_KAFKA_PROPERTIES"),
		JobPartitions: r.number("BATON_KAFKA_JOB_PARTITIONS", 8, 1, 1024),
		Session:       r.duration("BATON_KAFKA_SESSION_MS", 6*time.Second, 1000, 300_000),
		Name:          r.text("BATON_WORKER_NAME", fmt.Sprintf("%s-%d", host, os.Getpid())),
		MaxConcurrent: r.number("BATON_WORKER_MAX_CONCURRENT", 10, 1, 10_000),
		Lease:         r.duration("BATON_WORKER_LEASE_MS", 0, 0, 2_073_600_000),
		Grace:         r.duration("BATON_WORKER_GRACE_MS", 20*time.Second, 0, 3_600_000),
		Take:          r.duration("BATON_WORKER_TAKE_MS", time.Second, 50, 3_600_000),
		Paused:        r.flag("BATON_WORKER_PAUSED", false),
		Metrics:       r.text("BATON_WORKER_METRICS", ""),
		LogJSON:       r.choice("BATON_WORKER_LOG", "text", "json") == "json",
		environment:   map[string]string{},
	}
	for name, value := range env {
		if strings.HasPrefix(name, "BATON_WORKER_") {
			s.environment[name] = value
		}
	}
	return s, r.err
}

func variableOf(jobType string) string {
	name := []byte(strings.ToUpper(jobType))
	for i, c := range name {
		if !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			name[i] = '_'
		}
	}
	return "BATON_WORKER_" + string(name) + "_"
}

// The environment goes before what the code says, and what is said of a type before what is said of all.
func (s *Settings) ofType(jobType string, maxConcurrent int, lease time.Duration) (typeSettings, error) {
	r := reader{env: s.environment}
	prefix := variableOf(jobType)
	if maxConcurrent == 0 {
		maxConcurrent = s.MaxConcurrent
	}
	if maxConcurrent < 1 || lease < 0 {
		return typeSettings{}, fmt.Errorf("jobs of type %q: expected at least 1 at one time and a lease of at least 0, found %d and %v", jobType, maxConcurrent, lease)
	}
	if lease == 0 {
		lease = s.Lease
	}
	own := typeSettings{r.number(prefix+"MAX_CONCURRENT", maxConcurrent, 1, 10_000), r.duration(prefix+"LEASE_MS", lease, 0, 2_073_600_000),
		r.flag(prefix+"PAUSED", s.Paused)}
	return own, r.err
}

// check complains of BATON_WORKER_… that names no setting and no type that is served.
func (s *Settings) check(jobTypes []string) error {
	known := []string{"BATON_WORKER_NAME", "BATON_WORKER_MAX_CONCURRENT", "BATON_WORKER_LEASE_MS", "BATON_WORKER_GRACE_MS", "BATON_WORKER_TAKE_MS",
		"BATON_WORKER_PAUSED", "BATON_WORKER_METRICS", "BATON_WORKER_LOG"}
	for _, jobType := range jobTypes {
		for _, name := range []string{"MAX_CONCURRENT", "LEASE_MS", "PAUSED"} {
			known = append(known, variableOf(jobType)+name)
		}
	}
	for name := range s.environment {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s names no setting, and no type of this worker; there are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// partOfJobType is the job type as it stands in names of topics (docs/protocol.md).
func partOfJobType(jobType string) (string, error) {
	var out strings.Builder
	for i := range len(jobType) {
		c := jobType[i]
		isPlain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
		if isPlain && !(c == '_' && i+1 < len(jobType) && jobType[i+1] == 'x') {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "_x%02x", c)
		}
	}
	if len(jobType) < 1 || out.Len() > 200 {
		return "", fmt.Errorf("a job type has 1 to 200 bytes, those of its topic counted: %.40q has %d", jobType, out.Len())
	}
	return out.String(), nil
}

// reader keeps the first error.
type reader struct {
	env map[string]string
	err error
}

func (r *reader) complain(name, expected, found string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: expected %s, found %q", name, expected, found)
	}
}

func (r *reader) text(name, fallback string) string {
	if value := r.env[name]; value != "" {
		return value
	}
	return fallback
}

func (r *reader) number(name string, fallback, least, most int) int {
	text := r.env[name]
	if text == "" {
		return fallback
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < least || value > most {
		r.complain(name, fmt.Sprintf("%d to %d", least, most), text)
	}
	return value
}

func (r *reader) duration(name string, fallback time.Duration, least, most int) time.Duration {
	return time.Duration(r.number(name, int(fallback.Milliseconds()), least, most)) * time.Millisecond
}

func (r *reader) choice(name string, choices ...string) string {
	text := r.text(name, choices[0])
	if !slices.Contains(choices, text) {
		r.complain(name, strings.Join(choices, " or "), text)
	}
	return text
}

func (r *reader) flag(name string, fallback bool) bool {
	return r.choice(name, strconv.FormatBool(fallback), strconv.FormatBool(!fallback)) == "true"
}

func (r *reader) properties(name string) map[string]string {
	found := map[string]string{}
	const escaped = "\x00" // no environment has it
	for at, one := range strings.Split(strings.ReplaceAll(r.env[name], `\;`, escaped), ";") {
		if one = strings.TrimSpace(strings.ReplaceAll(one, escaped, ";")); one == "" {
			continue
		}
		key, value, has := strings.Cut(one, "=")
		if !has && r.err == nil { // it may be the rest of a password
			r.err = fmt.Errorf(`%s: expected name=value, separated by semicolons; part %d has no "=" (a semicolon in a value is written \;)`, name, at+1)
		}
		found[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return found
}
