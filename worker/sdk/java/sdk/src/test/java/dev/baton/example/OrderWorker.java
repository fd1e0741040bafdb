// SPDX-License-Identifier: Apache-2.0
package dev.baton.example;

import dev.baton.sdk.BpmnError;
import dev.baton.sdk.Worker;
import java.math.BigDecimal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The workers of a process that prices and ships an order. */
public final class OrderWorker {
    private static final Logger LOG = LoggerFactory.getLogger(OrderWorker.class);

    public record Order(BigDecimal amount, int count) {}

    public record Priced(BigDecimal total) {}

    public record Decision(boolean approved) {}

    private OrderWorker() {}

    public static void main(String[] arguments) throws InterruptedException {
        new Worker()
                .job("price", Order.class, (order, job) -> new Priced(order.amount().multiply(BigDecimal.valueOf(order.count()))))
                .job("ship", Decision.class, (decision, job) -> {
                    if (!decision.approved()) throw new BpmnError("SOLD_OUT", "nobody approved it");
                    LOG.info("shipped by job {}", job.key());
                    return null;
                })
                .run();
    }
}
