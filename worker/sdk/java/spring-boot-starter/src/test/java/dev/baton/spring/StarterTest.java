// SPDX-License-Identifier: Apache-2.0
package dev.baton.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.sdk.BpmnError;
import dev.baton.sdk.Client;
import dev.baton.sdk.Job;
import dev.baton.sdk.Outcome;
import dev.baton.sdk.Settings;
import dev.baton.sdk.Worker;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

class StarterTest {
    record Charge(double amount, String card) {}

    static class Payments {
        @BatonJob(value = "charge-card", maxConcurrent = 3)
        Map<String, ?> charge(Charge in, Job job) {
            if (in.amount() > 1000) throw new BpmnError("CARD_DECLINED", "too much");
            return Map.of("receipt", job.idempotencyKey());
        }

        @BatonJob("nothing")
        void nothing() {}
    }

    @Configuration
    @ImportAutoConfiguration(BatonAutoConfiguration.class)
    static class App {
        @Bean
        Payments payments() {
            return new Payments();
        }
    }

    static class Wrong {
        @BatonJob("two")
        void two(Charge one, String other) {}
    }

    @Configuration
    @ImportAutoConfiguration(BatonAutoConfiguration.class)
    static class WrongApp {
        @Bean
        Wrong wrong() {
            return new Wrong();
        }
    }

    private static ConfigurableApplicationContext start(Class<?> app) {
        return new SpringApplicationBuilder(app).web(WebApplicationType.NONE).properties("baton.worker.auto-start=false", "baton.kafka.brokers=b:1",
                "baton.worker.max-concurrent=7").run();
    }

    @Test
    void methodsOfBeansAreHandlers() {
        try (ConfigurableApplicationContext context = start(App.class)) {
            Worker worker = context.getBean(Worker.class);
            Outcome.Completed paid = assertInstanceOf(Outcome.Completed.class, worker.test("charge-card", Map.of("amount", 3.5, "card", "4111")));
            assertEquals("baton-1", paid.variables().path("receipt").asText());
            assertEquals("CARD_DECLINED", ((Outcome.Thrown) worker.test("charge-card", Map.of("amount", 3000, "card", "4111"))).code());
            assertInstanceOf(Outcome.Completed.class, worker.test("nothing", null));
            assertEquals("b:1", context.getBean(Settings.class).brokers());
            assertEquals(7, context.getBean(Settings.class).maxConcurrent());
            context.getBean(Client.class);
        }
    }

    @Test
    void whatIsNoHandlerStopsTheStart() {
        Exception err = assertThrows(Exception.class, () -> start(WrongApp.class).close());
        assertTrue(err.getMessage().contains("takes the variables as one record"), err.getMessage());
    }
}
