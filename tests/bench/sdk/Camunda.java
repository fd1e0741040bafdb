// SPDX-License-Identifier: Apache-2.0
import io.camunda.client.CamundaClient;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A worker with camunda-client-java: Camunda.java rest|grpc; over gRPC jobs are streamed. */
public class Camunda {
    public static void main(String[] arguments) throws Exception {
        boolean isRest = arguments[0].equals("rest");
        int most = Integer.parseInt(System.getenv("MOST"));
        CamundaClient client = CamundaClient.newClientBuilder().preferRestOverGrpc(isRest).restAddress(URI.create(System.getenv("BATON_URL")))
                .grpcAddress(URI.create("http://" + System.getenv("BATON_GRPC"))).numJobWorkerExecutionThreads(8).build();
        client.newWorker().jobType("bench.counted").handler((jobs, job) -> jobs.newCompleteCommand(job.getKey()).variables(Map.of("run", 1)).send())
                .maxJobsActive(most).timeout(Duration.ofMinutes(1)).streamEnabled(!isRest).open();
        new CountDownLatch(1).await();
    }
}
