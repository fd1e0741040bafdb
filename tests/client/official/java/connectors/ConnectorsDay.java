// SPDX-License-Identifier: Apache-2.0
// Camunda's connector runtime, unchanged, with its REST connector: a webhook starts a process, a task calls a service, an event waits for what
// an inbound connector finds. The two inbound connectors are the team's own, by the runtime's SDK.
package parcels;

import com.sun.net.httpserver.HttpServer;
import io.camunda.client.CamundaClient;
import io.camunda.client.annotation.Deployment;
import io.camunda.client.api.search.enums.ElementInstanceState;
import io.camunda.client.api.search.enums.ProcessInstanceState;
import io.camunda.connector.api.annotation.InboundConnector;
import io.camunda.connector.api.inbound.InboundConnectorExecutable;
import io.camunda.connector.api.inbound.InboundIntermediateConnectorContext;
import io.camunda.connector.api.inbound.webhook.MappedHttpRequest;
import io.camunda.connector.api.inbound.webhook.WebhookConnectorExecutable;
import io.camunda.connector.api.inbound.webhook.WebhookProcessingPayload;
import io.camunda.connector.api.inbound.webhook.WebhookResult;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Scope;
import org.springframework.stereotype.Component;

@SpringBootApplication
@Deployment(resources = "classpath*:parcels.bpmn")
public class ConnectorsDay {
    static final ConcurrentLinkedQueue<String> weighed = new ConcurrentLinkedQueue<>();

    /** What comes by HTTP becomes a request that expressions can read. */
    @Component
    @Scope(ConfigurableBeanFactory.SCOPE_PROTOTYPE)
    @InboundConnector(name = "Hook", type = "library:hook:1")
    public static class Hook implements WebhookConnectorExecutable {
        @Override
        public WebhookResult triggerWebhook(WebhookProcessingPayload payload) throws Exception {
            Object body = new com.fasterxml.jackson.databind.ObjectMapper().readValue(payload.rawBody(), Map.class);
            return () -> new MappedHttpRequest(body, payload.headers(), payload.params());
        }
    }

    /** Looks again and again at the instances that wait at its element. */
    @Component
    @Scope(ConfigurableBeanFactory.SCOPE_PROTOTYPE)
    @InboundConnector(name = "Look", type = "library:look:1")
    public static class Look implements InboundConnectorExecutable<InboundIntermediateConnectorContext> {
        private final Timer timer = new Timer(true);

        @Override
        public void activate(InboundIntermediateConnectorContext context) {
            timer.schedule(new TimerTask() {
                @Override
                public void run() {
                    try {
                        context.getProcessInstanceContexts().forEach(instance -> instance.correlate(
                            Map.of("parcel", "P-1", "name", "Ann")));
                    } catch (RuntimeException notNow) {
                        // It looks again.
                    }
                }
            }, 100, 300);
        }

        @Override
        public void deactivate() {
            timer.cancel();
        }
    }

    static HttpServer scales() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/weigh", exchange -> {
            String asked = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            weighed.add(exchange.getRequestHeaders().getFirst("X-Shop") + " " + asked);
            boolean known = asked.contains("P-1");
            byte[] answer = (known ? "{\"grams\": 1200}" : "{}").getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(known ? 200 : 404, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        return server;
    }

    static <T> T eventually(String what, Supplier<T> probe) throws InterruptedException {
        for (long end = System.currentTimeMillis() + 60000; System.currentTimeMillis() < end; Thread.sleep(100)) {
            T value = probe.get();
            if (value != null) return value;
        }
        throw new AssertionError("waited for " + what);
    }

    static void equal(Object found, Object wanted) {
        if (!wanted.equals(found)) throw new AssertionError("expected " + wanted + ", found " + found);
    }

    static Boolean call(int port, String parcel) {
        try {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/inbound/parcels?shop=north"))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString("{\"parcel\": \"" + parcel + "\"}")).build();
            return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).statusCode() == 200 ? true : null;
        } catch (IOException | InterruptedException problem) {
            throw new IllegalStateException(problem);
        }
    }

    static long ended(CamundaClient client, String element) throws InterruptedException {
        return eventually("an end at " + element, () -> client.newElementInstanceSearchRequest()
            .filter(f -> f.elementId(element).state(ElementInstanceState.COMPLETED)).send().join().items().stream().findFirst().orElse(null))
            .getProcessInstanceKey();
    }

    static void stories(ConfigurableApplicationContext context) throws Exception {
        CamundaClient client = context.getBean(CamundaClient.class);
        int port = ((ServletWebServerApplicationContext) context).getWebServer().getPort();
        eventually("the webhook", () -> call(port, "P-1"));
        long carried = ended(client, "done");
        equal(client.newProcessInstanceGetRequest(carried).send().join().getState(), ProcessInstanceState.COMPLETED);
        equal(weighed.peek(), "north {\"parcel\":\"P-1\"}");
        var variables = client.newVariableSearchRequest().filter(f -> f.processInstanceKey(carried)).send().join().items();
        for (var wanted : List.of("grams=1200", "signedBy=\"Ann\"", "shop=\"north\""))
            equal(variables.stream().anyMatch(v -> (v.getName() + "=" + v.getValue()).equals(wanted)), true);
        eventually("the webhook", () -> call(port, "P-2"));
        equal(client.newProcessInstanceGetRequest(ended(client, "gone")).send().join().getState(), ProcessInstanceState.COMPLETED);
        System.out.println("ok, every story was seen");
    }

    public static void main(String[] arguments) {
        try {
            System.setProperty("SCALES", "http://127.0.0.1:" + scales().getAddress().getPort());
            stories(SpringApplication.run(ConnectorsDay.class, arguments));
        } catch (Throwable problem) {
            problem.printStackTrace();
            System.exit(1);
        }
        System.exit(0);
    }
}
