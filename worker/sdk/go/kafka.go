// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// kafkaOptions are what all clients of the worker have in common. Properties have librdkafka's names, so that one setting serves workers in every language.
func (s *Settings) kafkaOptions(about string) ([]kgo.Opt, error) {
	p := properties{values: s.Properties, known: map[string]bool{}}
	options := []kgo.Opt{kgo.SeedBrokers(s.Brokers...), kgo.ClientID(s.Name), kgo.MetadataMaxAge(10 * time.Second),
		kgo.WithHooks(&connections{about: about, brokers: strings.Join(s.Brokers, ",")})}
	protocol := strings.ToUpper(p.get("security.protocol", "PLAINTEXT"))
	hasTLS, hasSASL := protocol == "SSL" || protocol == "SASL_SSL", strings.HasPrefix(protocol, "SASL_")
	if !hasTLS && protocol != "PLAINTEXT" && protocol != "SASL_PLAINTEXT" {
		return nil, fmt.Errorf("BATON_KAFKA_PROPERTIES: security.protocol: expected PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, found %q", protocol)
	}
	config, err := p.tls()
	if err != nil {
		return nil, fmt.Errorf("BATON_KAFKA_PROPERTIES: %w", err)
	}
	if hasTLS {
		options = append(options, kgo.DialTLSConfig(config))
	}
	mechanism, err := p.sasl()
	if err != nil {
		return nil, fmt.Errorf("BATON_KAFKA_PROPERTIES: %w", err)
	}
	if hasSASL {
		options = append(options, kgo.SASL(mechanism))
	}
	return options, p.unknown()
}

type properties struct {
	values map[string]string
	known  map[string]bool
}

func (p *properties) get(name, fallback string) string {
	p.known[name] = true
	if value, has := p.values[name]; has {
		return value
	}
	return fallback
}

func (p *properties) unknown() error {
	for name := range p.values {
		if !p.known[name] {
			return fmt.Errorf("BATON_KAFKA_PROPERTIES: this SDK does not know %q", name)
		}
	}
	return nil
}

func (p *properties) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	config.InsecureSkipVerify = p.get("enable.ssl.certificate.verification", "true") == "false"
	if path := p.get("ssl.ca.location", ""); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("ssl.ca.location: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("ssl.ca.location: %s holds no certificate in PEM", path)
		}
	}
	certificate, key := p.get("ssl.certificate.location", ""), p.get("ssl.key.location", "")
	if certificate != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("ssl.certificate.location, ssl.key.location: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if p.get("ssl.endpoint.identification.algorithm", "https") == "none" && !config.InsecureSkipVerify {
		config.InsecureSkipVerify = true // of the name: the chain is verified here
		config.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(state.PeerCertificates, config.RootCAs) }
	}
	return config, nil
}

func verifyChain(certificates []*x509.Certificate, roots *x509.CertPool) error {
	options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, one := range certificates[1:] {
		options.Intermediates.AddCert(one)
	}
	_, err := certificates[0].Verify(options)
	return err
}

func (p *properties) sasl() (sasl.Mechanism, error) {
	user, password := p.get("sasl.username", ""), p.get("sasl.password", "")
	name := strings.ToUpper(p.get("sasl.mechanism", p.get("sasl.mechanisms", "PLAIN")))
	switch name {
	case "PLAIN":
		return plain.Auth{User: user, Pass: password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: user, Pass: password}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("sasl.mechanism: expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, found %q", name)
}

// connections says once that brokers are away, and once that they are back.
type connections struct {
	about, brokers string
	isAway         atomic.Bool
}

func (c *connections) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err != nil && c.isAway.CompareAndSwap(false, true) {
		slog.Warn("a broker cannot be reached: the worker waits", "of", c.about, "brokers", c.brokers, "error", err)
	} else if err == nil && c.isAway.CompareAndSwap(true, false) {
		slog.Info("a broker can be reached again", "of", c.about)
	}
}
