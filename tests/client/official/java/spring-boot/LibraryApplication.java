// SPDX-License-Identifier: Apache-2.0
// A small application of a team with Camunda's Spring Boot starter, unchanged: what it deploys and works on is annotated, and it ends when it
// has seen each of its stories.
package library;

import io.camunda.client.CamundaClient;
import io.camunda.client.annotation.CustomHeaders;
import io.camunda.client.annotation.Deployment;
import io.camunda.client.annotation.Document;
import io.camunda.client.annotation.JobWorker;
import io.camunda.client.annotation.ProcessInstanceKey;
import io.camunda.client.annotation.Variable;
import io.camunda.client.annotation.VariablesAsType;
import io.camunda.client.api.response.ActivatedJob;
import io.camunda.client.api.search.enums.IncidentState;
import io.camunda.client.api.search.enums.ProcessInstanceState;
import io.camunda.client.api.search.enums.UserTaskState;
import io.camunda.client.api.worker.JobClient;
import io.camunda.client.exception.CamundaError;
import io.camunda.client.jobhandling.DocumentContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.stereotype.Component;

@SpringBootApplication
@Deployment(resources = {"classpath*:library.bpmn", "classpath*:fee.dmn", "classpath*:hand-over.form", "classpath*:letters.bpmn"})
public class LibraryApplication {
    static final Map<String, Object> seen = new ConcurrentHashMap<>();

    /** What a worker is given of a letter. */
    public static class Letter {
        public String to;
        public int pages;
    }

    @Component
    public static class Workers {
        @JobWorker(type = "fetch", name = "shelf")
        public Map<String, Object> fetch(@Variable String loan, @CustomHeaders Map<String, String> headers, @ProcessInstanceKey long instance) {
            seen.put("instance of " + loan, instance);
            if (loan.startsWith("LOST")) throw CamundaError.bpmnError("LOST", "not on its shelf", Map.of("searched", true));
            if (loan.startsWith("STUCK")) throw CamundaError.jobError("the lift is broken", Map.of(), 0);
            return Map.of("shelf", headers.get("shelf"), "fetched", true);
        }

        @JobWorker(type = "write", autoComplete = false)
        public void write(JobClient jobs, ActivatedJob job, @VariablesAsType Letter letter) {
            seen.put("letter", letter.to + " " + letter.pages);
            jobs.newCompleteCommand(job).variables(Map.of("written", job.getRetries())).send().join();
        }

        // Fails at first, and is tried again.
        @JobWorker(type = "post")
        public void post(ActivatedJob job, @Document DocumentContext scan) {
            if (job.getRetries() > 2) throw CamundaError.jobError("no stamp", Map.of("stamped", false), job.getRetries() - 1, Duration.ofMillis(50));
            seen.put("scan", new String(scan.getDocuments().get(0).getDocumentBytes()));
        }
    }

    static <T> T eventually(String what, Supplier<T> probe) throws InterruptedException {
        for (long end = System.currentTimeMillis() + 30000; System.currentTimeMillis() < end; Thread.sleep(50)) {
            T value = probe.get();
            if (value != null) return value;
        }
        throw new AssertionError("waited for " + what);
    }

    static <T> T first(List<T> items) {
        return items.isEmpty() ? null : items.get(0);
    }

    static void equal(Object found, Object wanted) {
        if (!wanted.equals(found)) throw new AssertionError("expected " + wanted + ", found " + found);
    }

    static long start(CamundaClient client, String process, Map<String, Object> variables) {
        return client.newCreateInstanceCommand().bpmnProcessId(process).latestVersion().variables(variables).send().join().getProcessInstanceKey();
    }

    static void lends(CamundaClient client) throws Exception {
        long instance = start(client, "loan", Map.of("loan", "L-7"));
        var task = eventually("the task", () -> first(client.newUserTaskSearchRequest()
            .filter(f -> f.processInstanceKey(instance).state(UserTaskState.CREATED)).send().join().items()));
        equal(seen.get("instance of L-7"), instance);
        var shelf = client.newVariableSearchRequest().filter(f -> f.processInstanceKey(instance).name("shelf")).send().join().items();
        equal(shelf.get(0).getValue(), "\"upper\"");
        client.newCompleteUserTaskCommand(task.getUserTaskKey()).send().join();
        client.newPublishMessageCommand().messageName("book-returned").correlationKey("L-7").timeToLive(Duration.ofMinutes(1)).send().join();
        eventually("the end", () -> ended(client, instance));
    }

    static Boolean ended(CamundaClient client, long instance) {
        return client.newProcessInstanceGetRequest(instance).send().join().getState() == ProcessInstanceState.COMPLETED ? true : null;
    }

    static void loses(CamundaClient client) throws Exception {
        long lost = start(client, "loan", Map.of("loan", "LOST-1"));
        eventually("the end without a book", () -> ended(client, lost));
        equal(client.newVariableSearchRequest().filter(f -> f.processInstanceKey(lost).name("searched")).send().join().items().size(), 1);
    }

    static void getsStuck(CamundaClient client) throws Exception {
        long stuck = start(client, "loan", Map.of("loan", "STUCK-1"));
        var incident = eventually("the incident", () -> first(client.newIncidentSearchRequest()
            .filter(f -> f.processInstanceKey(stuck).state(IncidentState.ACTIVE)).send().join().items()));
        equal(incident.getErrorMessage().contains("the lift is broken"), true);
    }

    static void writes(CamundaClient client) throws Exception {
        var scan = client.newCreateDocumentCommand().content("a scan").fileName("scan.txt").contentType("text/plain").send().join();
        long instance = start(client, "letters", Map.of("to", "Ann", "pages", 3, "scan", List.of(scan)));
        eventually("the letter's end", () -> ended(client, instance));
        equal(seen.get("letter"), "Ann 3");
        equal(seen.get("scan"), "a scan");
    }

    @Bean
    ApplicationRunner stories(CamundaClient client) {
        return arguments -> {
            equal(client.newProcessDefinitionSearchRequest().filter(f -> f.processDefinitionId("letters")).send().join().items().size(), 1);
            lends(client);
            loses(client);
            getsStuck(client);
            writes(client);
            System.out.println("ok, every story was seen");
        };
    }

    public static void main(String[] arguments) {
        try {
            SpringApplication.exit(SpringApplication.run(LibraryApplication.class, arguments));
        } catch (Throwable problem) {
            problem.printStackTrace();
            System.exit(1);
        }
        System.exit(0);
    }
}
