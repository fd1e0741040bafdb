// SPDX-License-Identifier: Apache-2.0

package baton_test

import (
	"context"
	"reflect"
	"testing"

	baton "baton.dev/sdk"
)

type charge struct {
	Amount float64 `json:"amount"`
	Card   string  `json:"card"`
}

func pay(_ context.Context, in charge) (map[string]any, error) {
	if in.Amount > 1000 {
		return nil, &baton.BpmnError{Code: "CARD_DECLINED", Message: "too much"}
	}
	return map[string]any{"receipt": in.Card[len(in.Card)-4:]}, nil
}

func TestLargeAmountsAreDeclined(t *testing.T) {
	worker := baton.NewWorkerWith(baton.Settings{})
	baton.Handle(worker, "charge-card", pay)
	for _, one := range []struct {
		amount   int
		expected baton.Outcome
	}{
		{3, &baton.Completed{Variables: baton.Variables{"receipt": "4111"}}},
		{3000, &baton.Thrown{Code: "CARD_DECLINED", Message: "too much"}},
	} {
		outcome, err := worker.Test(context.Background(), "charge-card", map[string]any{"amount": one.amount, "card": "5500-4111"}, nil)
		if err != nil || !reflect.DeepEqual(outcome, one.expected) {
			t.Errorf("%+v %v", outcome, err)
		}
	}
}
