// SPDX-License-Identifier: Apache-2.0
package dev.baton.example;

import dev.baton.sdk.BpmnError;
import dev.baton.sdk.Worker;
import java.util.Map;

public class Charge {
    public record Payment(double amount, String card) {}

    public static void main(String[] arguments) throws InterruptedException {
        new Worker().job("charge-card", Payment.class, (payment, job) -> {
            if (payment.amount() > 1000) throw new BpmnError("CARD_DECLINED", "too much");
            return Map.of("receipt", payment.card().substring(payment.card().length() - 4));
        }).run();
    }
}
