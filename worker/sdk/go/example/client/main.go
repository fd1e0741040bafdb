// SPDX-License-Identifier: Apache-2.0

// Deploys a process of orders, starts two, pays them, and decides about them as a person would; prints their keys.
//
//	go run ./example/client order.bpmn
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	baton "baton.dev/sdk"
)

// first that matches, which is waited for.
func first(ctx context.Context, client *baton.Client, what string, filter map[string]any) (map[string]any, error) {
	for {
		for found, err := range client.Search(ctx, what, filter) {
			return found, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w", what, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func through(ctx context.Context, client *baton.Client, order string, approved bool) (string, error) {
	instance, err := client.Start(ctx, baton.Start{ProcessDefinitionID: "order", BusinessID: order,
		Variables: map[string]any{"order": order, "amount": json.Number("12345678901234567890.12"), "count": 3}})
	if err != nil {
		return "", err
	}
	key := instance.ProcessInstanceKey
	if _, err = client.Publish(ctx, baton.Message{Name: "paid", CorrelationKey: order, TimeToLive: 60_000}); err != nil {
		return "", err
	}
	task, err := first(ctx, client, "user-tasks", map[string]any{"processInstanceKey": key, "state": "CREATED"})
	if err != nil {
		return "", err
	}
	if err = client.CompleteTask(ctx, task["userTaskKey"].(string), map[string]any{"approved": approved}); err != nil {
		return "", err
	}
	_, err = first(ctx, client, "process-instances", map[string]any{"processInstanceKey": key, "state": "COMPLETED"})
	return key, err
}

func run(ctx context.Context, model string) error {
	client := baton.NewClient()
	if _, err := client.Deploy(ctx, "", model); err != nil {
		return err
	}
	var problem *baton.APIError
	if _, err := client.Start(ctx, baton.Start{ProcessDefinitionID: "nobody"}); !errors.As(err, &problem) || problem.Status != 404 {
		return fmt.Errorf("a process that nobody has deployed: %w", err)
	}
	for order, approved := range map[string]bool{"A-1": true, "A-2": false} {
		key, err := through(ctx, client, order, approved)
		if err != nil {
			return fmt.Errorf("order %s: %w", order, err)
		}
		fmt.Println(order, key)
	}
	return nil
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if len(os.Args) != 2 {
		log.Fatal("usage: client ORDER.bpmn")
	}
	if err := run(ctx, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}
