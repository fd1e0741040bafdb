// SPDX-License-Identifier: Apache-2.0

// The workers of a process that prices and ships an order.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math/big"

	baton "baton.dev/sdk"
)

type order struct {
	Amount json.Number `json:"amount"` // keeps every digit
	Count  int64       `json:"count"`
}

type priced struct {
	Total json.Number `json:"total"`
}

func price(_ context.Context, in order) (priced, error) {
	amount, isNumber := new(big.Rat).SetString(in.Amount.String())
	if !isNumber {
		return priced{}, &baton.Fatal{Message: fmt.Sprintf("the amount %q is no number", in.Amount)}
	}
	total := new(big.Rat).Mul(amount, big.NewRat(in.Count, 1))
	return priced{json.Number(total.FloatString(2))}, nil
}

func ship(ctx context.Context, in struct {
	Approved bool `json:"approved"`
}) (any, error) {
	if !in.Approved {
		return nil, &baton.BpmnError{Code: "SOLD_OUT", Message: "nobody approved it"}
	}
	baton.JobOf(ctx).Log().Info("shipped")
	return nil, nil
}

func main() {
	worker := baton.NewWorker()
	baton.Handle(worker, "price", price)
	baton.Handle(worker, "ship", ship)
	if err := worker.Run(); err != nil {
		log.Fatal(err)
	}
}
