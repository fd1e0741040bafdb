// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

const mostPerPage = 1000

// APIError is what the API says when it does not do it (application/problem+json). Status 0: it could not be reached.
type APIError struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

func (e *APIError) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("%d %s: %s", e.Status, e.Title, e.Detail), ": ")
}

// Client of the REST API. Safe for use by several goroutines.
type Client struct {
	url            string
	key            string
	user, password string
	http           *http.Client
}

// ClientOption of NewClient.
type ClientOption func(*Client)

// WithURL of the API instead of BATON_API_URL (http://127.0.0.1:8080).
func WithURL(address string) ClientOption {
	return func(c *Client) { c.url = strings.TrimRight(address, "/") }
}

// WithKey is an API key instead of BATON_API_KEY.
func WithKey(key string) ClientOption { return func(c *Client) { c.key = key } }

// WithUser logs in with every request, instead of BATON_API_USER and BATON_API_PASSWORD.
func WithUser(name, password string) ClientOption {
	return func(c *Client) { c.user, c.password = name, password }
}

// WithHTTP for own certificates, proxies and time-outs.
func WithHTTP(client *http.Client) ClientOption { return func(c *Client) { c.http = client } }

// NewClient by the environment; options go before it.
func NewClient(options ...ClientOption) *Client {
	address := os.Getenv("BATON_API_URL")
	if address == "" {
		address = "http://127.0.0.1:8080"
	}
	c := &Client{key: os.Getenv("BATON_API_KEY"), user: os.Getenv("BATON_API_USER"), password: os.Getenv("BATON_API_PASSWORD"), http: http.DefaultClient}
	WithURL(address)(c)
	for _, option := range options {
		option(c)
	}
	return c
}

// Call whatever the API has. body and answer may be nil; numbers in an answer of type any are json.Number. The error is an *APIError where the API spoke.
func (c *Client) Call(ctx context.Context, method, path string, body, answer any) error {
	var data io.Reader
	if body != nil {
		text, err := encode(body)
		if err != nil {
			return fmt.Errorf("%s %s: the body is no JSON: %w", method, path, err)
		}
		data = bytes.NewReader(text)
	}
	return c.send(ctx, method, path, "application/json", data, answer)
}

func (c *Client) send(ctx context.Context, method, path, contentType string, body io.Reader, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", contentType)
	}
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	} else if c.user != "" {
		request.SetBasicAuth(c.user, c.password)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("%w (%w)", &APIError{Title: "UNREACHABLE", Detail: err.Error()}, err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return fmt.Errorf("%w (%w)", &APIError{Title: "UNREACHABLE", Detail: err.Error()}, err)
	case response.StatusCode >= 300:
		return problemOf(response, data)
	case answer == nil || len(data) == 0:
		return nil
	}
	return unmarshal(data, answer)
}

func problemOf(response *http.Response, data []byte) error {
	problem := &APIError{}
	if json.Unmarshal(data, problem) != nil || problem.Title == "" {
		problem.Title, problem.Detail = http.StatusText(response.StatusCode), strings.TrimSpace(string(data))
	}
	problem.Status = response.StatusCode
	return problem
}

// Deployed resources; the keys are texts.
type Deployed struct {
	DeploymentKey string           `json:"deploymentKey"`
	TenantID      string           `json:"tenantId"`
	Deployments   []map[string]any `json:"deployments"`
}

// Deploy files together: processes, decisions, forms. tenant may be empty.
func (c *Client) Deploy(ctx context.Context, tenant string, paths ...string) (*Deployed, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		part, err := form.CreateFormFile("resources", filepath.Base(path))
		if err != nil {
			return nil, err
		}
		_, _ = part.Write(data) // to memory
	}
	if tenant != "" {
		_ = form.WriteField("tenantId", tenant)
	}
	_ = form.Close()
	deployed := &Deployed{}
	return deployed, c.send(ctx, http.MethodPost, "/v2/deployments", form.FormDataContentType(), &body, deployed)
}

// Start of a process. Either the id of the definition, whose newest version is taken unless Version says one, or its key.
type Start struct {
	ProcessDefinitionID  string   `json:"processDefinitionId,omitempty"`
	ProcessDefinitionKey string   `json:"processDefinitionKey,omitempty"`
	Version              int      `json:"processDefinitionVersion,omitempty"`
	Variables            any      `json:"variables,omitempty"`
	BusinessID           string   `json:"businessId,omitempty"` // one is alive at a time
	TenantID             string   `json:"tenantId,omitempty"`
	Tags                 []string `json:"tags,omitempty"`
	AwaitCompletion      bool     `json:"awaitCompletion,omitempty"`
	RequestTimeout       int64    `json:"requestTimeout,omitempty"` // ms, of AwaitCompletion
	FetchVariables       []string `json:"fetchVariables,omitempty"`
}

// Instance that was started. Variables are there when its end was awaited.
type Instance struct {
	ProcessInstanceKey   string    `json:"processInstanceKey"`
	ProcessDefinitionKey string    `json:"processDefinitionKey"`
	ProcessDefinitionID  string    `json:"processDefinitionId"`
	Version              int       `json:"processDefinitionVersion"`
	TenantID             string    `json:"tenantId"`
	Variables            Variables `json:"variables"`
}

// Start a process instance.
func (c *Client) Start(ctx context.Context, start Start) (*Instance, error) {
	instance := &Instance{}
	return instance, c.Call(ctx, http.MethodPost, "/v2/process-instances", start, instance)
}

// Message to be published or correlated.
type Message struct {
	Name           string `json:"name"`
	CorrelationKey string `json:"correlationKey"`
	Variables      any    `json:"variables,omitempty"`
	TenantID       string `json:"tenantId,omitempty"`
	MessageID      string `json:"messageId,omitempty"`  // one with the same is not taken twice while it is kept
	TimeToLive     int64  `json:"timeToLive,omitempty"` // ms that a published one waits for who wants it
}

// Publish gives the key of the message.
func (c *Client) Publish(ctx context.Context, message Message) (string, error) {
	var answer struct {
		MessageKey string `json:"messageKey"`
	}
	err := c.Call(ctx, http.MethodPost, "/v2/messages/publication", message, &answer)
	return answer.MessageKey, err
}

// Correlate waits until somebody has taken the message, and gives that instance's key: an *APIError 404 when nobody wants it now.
func (c *Client) Correlate(ctx context.Context, message Message) (string, error) {
	var answer struct {
		ProcessInstanceKey string `json:"processInstanceKey"`
	}
	err := c.Call(ctx, http.MethodPost, "/v2/messages/correlation", message, &answer)
	return answer.ProcessInstanceKey, err
}

// Broadcast a signal.
func (c *Client) Broadcast(ctx context.Context, signal string, variables any) error {
	return c.Call(ctx, http.MethodPost, "/v2/signals/broadcast", map[string]any{"signalName": signal, "variables": variables}, nil)
}

// Search goes through all that match, page after page: what is process-instances, user-tasks, incidents, jobs, variables …
func (c *Client) Search(ctx context.Context, what string, filter map[string]any, sort ...map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		page := map[string]any{"limit": mostPerPage}
		for {
			var found struct {
				Items []map[string]any `json:"items"`
				Page  struct {
					EndCursor *string `json:"endCursor"`
				} `json:"page"`
			}
			body := map[string]any{"page": page, "filter": filter, "sort": sort}
			if filter == nil {
				delete(body, "filter")
			}
			if len(sort) == 0 {
				delete(body, "sort")
			}
			if err := c.Call(ctx, http.MethodPost, "/v2/"+url.PathEscape(what)+"/search", body, &found); err != nil {
				yield(nil, err)
				return
			}
			for _, item := range found.Items {
				if !yield(item, nil) {
					return
				}
			}
			if len(found.Items) < mostPerPage || found.Page.EndCursor == nil {
				return
			}
			page["after"] = *found.Page.EndCursor
		}
	}
}

// AssignTask to a user.
func (c *Client) AssignTask(ctx context.Context, key, assignee string) error {
	return c.Call(ctx, http.MethodPost, "/v2/user-tasks/"+url.PathEscape(key)+"/assignment", map[string]any{"assignee": assignee}, nil)
}

// CompleteTask with variables, which may be nil.
func (c *Client) CompleteTask(ctx context.Context, key string, variables any) error {
	body := map[string]any{}
	if variables != nil {
		body["variables"] = variables
	}
	return c.Call(ctx, http.MethodPost, "/v2/user-tasks/"+url.PathEscape(key)+"/completion", body, nil)
}

// Cancel an instance.
func (c *Client) Cancel(ctx context.Context, instance string) error {
	return c.Call(ctx, http.MethodPost, "/v2/process-instances/"+url.PathEscape(instance)+"/cancellation", map[string]any{}, nil)
}

// Resolve an incident: what failed is tried again.
func (c *Client) Resolve(ctx context.Context, incident string) error {
	return c.Call(ctx, http.MethodPost, "/v2/incidents/"+url.PathEscape(incident)+"/resolution", map[string]any{}, nil)
}

// SetVariables of an instance or an element instance; local: of that scope alone.
func (c *Client) SetVariables(ctx context.Context, scope string, variables any, local bool) error {
	return c.Call(ctx, http.MethodPut, "/v2/element-instances/"+url.PathEscape(scope)+"/variables", map[string]any{"variables": variables, "local": local}, nil)
}
