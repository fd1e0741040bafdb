// SPDX-License-Identifier: Apache-2.0
package dev.baton.spring;

import dev.baton.sdk.Client;
import dev.baton.sdk.Settings;
import dev.baton.sdk.Worker;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.http.HttpClient;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/** A {@link Worker} of all methods with {@link BatonJob}, and a {@link Client}. Properties are the settings of the environment, with dots: baton.kafka.brokers. */
@AutoConfiguration
public class BatonAutoConfiguration {
    private static final List<String> NAMES = List.of("BATON_KAFKA_BROKERS", "BATON_KAFKA_TOPIC_PREFIX", "BATON_KAFKA_PROPERTIES", "BATON_KAFKA_SESSION_MS",
            "BATON_KAFKA_JOB_PARTITIONS", "BATON_WORKER_NAME", "BATON_WORKER_MAX_CONCURRENT", "BATON_WORKER_LEASE_MS", "BATON_WORKER_GRACE_MS",
            "BATON_WORKER_TAKE_MS", "BATON_WORKER_PAUSED", "BATON_WORKER_METRICS");

    /** baton.kafka.brokers for BATON_KAFKA_BROKERS; the environment goes before. */
    static Map<String, String> variables(Environment environment, Map<String, String> system) {
        Map<String, String> found = new TreeMap<>();
        for (String name : NAMES) {
            String[] parts = name.toLowerCase(Locale.ROOT).split("_", 3);
            String value = environment.getProperty(parts[0] + "." + parts[1] + "." + parts[2].replace('_', '-'));
            if (value != null) found.put(name, value);
        }
        system.forEach((name, value) -> {
            if (name.startsWith("BATON_") && !name.equals("BATON_WORKER_AUTO_START")) found.put(name, value);
        });
        return found;
    }

    @Bean
    @ConditionalOnMissingBean
    Settings batonSettings(Environment environment) {
        return Settings.from(variables(environment, System.getenv()));
    }

    @Bean(destroyMethod = "")
    @ConditionalOnMissingBean
    Worker batonWorker(Settings settings, ObjectProvider<MeterRegistry> registry) {
        return new Worker(settings, registry.getIfAvailable(() -> new PrometheusMeterRegistry(PrometheusConfig.DEFAULT)));
    }

    @Bean
    JobMethods batonJobMethods(ConfigurableListableBeanFactory beans, Worker worker) {
        return new JobMethods(beans, worker);
    }

    @Bean
    @ConditionalOnMissingBean
    Client batonClient(Environment environment) {
        Map<String, String> found = new TreeMap<>();
        for (String name : List.of("key", "user", "password")) {
            String value = environment.getProperty("baton.api." + name);
            if (value != null) found.put("BATON_API_" + name.toUpperCase(Locale.ROOT), value);
        }
        return new Client(environment.getProperty("baton.api.url", "http://127.0.0.1:8080"), Client.authorizationOf(found), HttpClient.newHttpClient());
    }

    /** baton.worker.auto-start=false: it does not begin by itself. */
    @Bean
    @ConditionalOnProperty(name = "baton.worker.auto-start", matchIfMissing = true)
    SmartLifecycle batonWorkerLife(Worker worker, Settings settings) {
        return new SmartLifecycle() {
            private volatile boolean isRunning;

            @Override
            public void start() {
                if (worker.hasHandlers()) worker.start(); // an application may have a client alone
                isRunning = true;
            }

            @Override
            public void stop() {
                isRunning = false;
                if (!worker.hasHandlers()) return;
                try {
                    worker.stop(settings.graceMs());
                } catch (InterruptedException err) {
                    Thread.currentThread().interrupt();
                }
            }

            @Override
            public boolean isRunning() {
                return isRunning;
            }
        };
    }
}
