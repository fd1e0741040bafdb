// SPDX-License-Identifier: Apache-2.0
// A day of a team with camunda-client-java, unchanged, over gRPC, with streams of jobs.
import io.camunda.client.CamundaClient;
import io.camunda.client.api.command.ClientStatusException;
import io.camunda.client.api.worker.JobWorker;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

public class GrpcDay {
    static void check(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
        System.out.println("ok " + what);
    }

    static void waitFor(Set<String> seen, int count, String what) throws InterruptedException {
        for (long end = System.currentTimeMillis() + 20000; System.currentTimeMillis() < end && seen.size() < count;) Thread.sleep(20);
        check(seen.size() == count, what);
    }

    static void start(CamundaClient client, String loan) {
        client.newCreateInstanceCommand().bpmnProcessId("loan").latestVersion().variables(Map.of("loan", loan, "days", 3)).send().join();
    }

    public static void main(String[] arguments) throws Exception {
        try (CamundaClient client = CamundaClient.newClientBuilder().preferRestOverGrpc(false).grpcAddress(URI.create("http://" + System.getenv("BATON_GRPC")))
                .restAddress(URI.create(System.getenv("BATON_URL"))).build()) {
            check(client.newTopologyRequest().useGrpc().send().join().getPartitionsCount() == 3, "the cluster says what it is");
            Path models = Path.of(System.getenv("MODELS"));
            check(client.newDeployResourceCommand().addResourceFile(models.resolve("library.bpmn").toString()).addResourceFile(models.resolve("fee.dmn").toString())
                    .addResourceFile(models.resolve("hand-over.form").toString()).send().join().getProcesses().size() == 2, "models are deployed");
            Set<String> seen = ConcurrentHashMap.newKeySet();
            JobWorker worker = client.newWorker().jobType("fetch").handler((jobs, job) -> {
                if (job.getVariable("loan").equals("G-3") && job.getRetries() == 3) {
                    jobs.newFailCommand(job).retries(2).errorMessage("again").send().join();
                    return;
                }
                jobs.newCompleteCommand(job).variables(Map.of("shelf", 7)).send().join();
                seen.add((String) job.getVariable("loan"));
            }).timeout(Duration.ofMinutes(10)).streamEnabled(true).open();
            for (int i = 0; i < 50; i++) start(client, "G-" + i);
            waitFor(seen, 50, "a worker with a stream has all jobs, also the one that failed");
            worker.close();
            // A poll that was under way when its worker was closed still brings jobs, and they are done: by whom does not matter.
            for (int round = 1; round <= 3; round++) {
                JobWorker next = client.newWorker().jobType("fetch").handler((jobs, job) -> {
                    jobs.newCompleteCommand(job).send().join();
                    seen.add((String) job.getVariable("loan"));
                }).timeout(Duration.ofMinutes(10)).streamEnabled(true).open();
                for (int i = 0; i < 6; i++) start(client, "R-" + round + "-" + i);
                waitFor(seen, 50 + round * 6, "a worker that is opened anew has its jobs at once, round " + round);
                next.close();
            }
            var marked = client.newCreateInstanceCommand().bpmnProcessId("loan").latestVersion().variables(Map.of("loan", "T-1", "days", 3)).tags("by:grpc", "early")
                    .terminateAfterElement("asked").send().join();
            check(marked.getTags().equals(Set.of("by:grpc", "early")), "tags are the instance's");
            var found = client.newProcessInstanceGetRequest(marked.getProcessInstanceKey()).send().join();
            check(found.getState().name().equals("TERMINATED") && found.getTags().equals(Set.of("by:grpc", "early")), "it ends after the element that was said");
            Map<String, Object> result = client.newCreateInstanceCommand().bpmnProcessId("fee").latestVersion().variables(Map.of("days", 40)).withResult()
                    .requestTimeout(Duration.ofSeconds(20)).send().join().getVariablesAsMap();
            check(result.containsKey("fee"), "an instance is awaited");
            check(client.newPublishMessageCommand().messageName("book-returned").correlationKey("G-0").send().join().getMessageKey() > 0, "a message is published");
            try {
                client.newCancelInstanceCommand(1).send().join();
                check(false, "what is not there is refused");
            } catch (ClientStatusException refusal) {
                check(refusal.getStatusCode().name().equals("NOT_FOUND"), "what is not there is refused");
            }
        }
    }
}
