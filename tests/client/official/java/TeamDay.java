// SPDX-License-Identifier: Apache-2.0
// A day of a team with camunda-client-java, unchanged, over REST.
import io.camunda.client.CamundaClient;
import io.camunda.client.api.command.ClientException;
import io.camunda.client.api.response.ActivatedJob;
import io.camunda.client.api.search.enums.BatchOperationState;
import io.camunda.client.api.search.enums.ElementInstanceState;
import io.camunda.client.api.search.enums.IncidentState;
import io.camunda.client.api.search.enums.JobState;
import io.camunda.client.api.search.enums.ProcessInstanceState;
import io.camunda.client.api.search.enums.UserTaskState;
import io.camunda.client.api.search.response.UserTask;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

public class TeamDay {
    static CamundaClient client;
    static int failed;

    interface Story {
        void run() throws Exception;
    }

    static void story(String name, Story story) {
        try {
            story.run();
            System.out.println("ok " + name);
        } catch (Throwable problem) {
            failed++;
            System.out.println("FAILED " + name);
            problem.printStackTrace(System.out);
        }
    }

    static void equal(Object found, Object wanted) {
        if (!wanted.equals(found)) throw new AssertionError("expected " + wanted + ", found " + found);
    }

    static <T> T eventually(String what, Supplier<T> probe) throws InterruptedException {
        for (long end = System.currentTimeMillis() + 20000; System.currentTimeMillis() < end; Thread.sleep(50)) {
            T value = probe.get();
            if (value != null) return value;
        }
        throw new AssertionError("waited for " + what);
    }

    static <T> T first(List<T> items) {
        return items.isEmpty() ? null : items.get(0);
    }

    static long start(String loan) {
        return client.newCreateInstanceCommand().bpmnProcessId("loan").latestVersion().variables(Map.of("loan", loan, "days", 40)).send().join().getProcessInstanceKey();
    }

    static ActivatedJob job(String type) throws InterruptedException {
        return eventually("a job " + type, () -> first(client.newActivateJobsCommand().jobType(type).maxJobsToActivate(1).workerName("day")
            .timeout(Duration.ofMinutes(1)).requestTimeout(Duration.ofSeconds(2)).send().join().getJobs()));
    }

    static UserTask task(long instance) throws InterruptedException {
        return eventually("a task", () -> first(client.newUserTaskSearchRequest()
            .filter(f -> f.processInstanceKey(instance).state(UserTaskState.CREATED)).send().join().items()));
    }

    static long count(java.util.function.Consumer<io.camunda.client.api.search.filter.ProcessInstanceFilter> filter) {
        return client.newProcessInstanceSearchRequest().filter(filter).send().join().page().totalItems();
    }

    static void knows() {
        equal(client.newTopologyRequest().send().join().getBrokers().size(), 1);
        equal(client.newStatusRequest().send().join().getStatus().toString(), "UP");
    }

    static void deploys() throws Exception {
        Path models = Path.of(System.getenv("MODELS"));
        var deployed = client.newDeployResourceCommand().addResourceFile(models.resolve("library.bpmn").toString())
            .addResourceFile(models.resolve("fee.dmn").toString()).addResourceFile(models.resolve("hand-over.form").toString()).send().join();
        equal(deployed.getProcesses().size(), 2);
        equal(deployed.getForm().size(), 1);
        var loan = eventually("the definition", () -> first(client.newProcessDefinitionSearchRequest()
            .filter(f -> f.processDefinitionId("loan").isLatestVersion(true)).sort(s -> s.version().desc()).send().join().items()));
        equal(loan.getVersionTag(), "spring");
        equal(client.newProcessDefinitionGetRequest(loan.getProcessDefinitionKey()).send().join().getName(), "Lend a book");
        equal(client.newProcessDefinitionGetXmlRequest(loan.getProcessDefinitionKey()).send().join().contains("Lend a book"), true);
        var decision = first(client.newDecisionDefinitionSearchRequest().filter(f -> f.decisionDefinitionId("fee-of")).send().join().items());
        equal(client.newDecisionDefinitionGetRequest(decision.getDecisionKey()).send().join().getDmnDecisionName(), "Fee of a loan");
        equal(first(client.newDecisionRequirementsSearchRequest().filter(f -> f.decisionRequirementsId("fees")).send().join().items()).getVersion(), 1);
    }

    static void lends() throws Exception {
        long instance = start("L-1");
        ActivatedJob fetch = job("fetch");
        equal(fetch.getVariablesAsMap().get("loan"), "L-1");
        equal(fetch.getCustomHeaders().get("shelf"), "upper");
        client.newCompleteCommand(fetch).variables(Map.of("shelf", 7)).send().join();
        UserTask task = task(instance);
        equal(task.getPriority(), 60);
        equal(task.getCandidateGroups(), List.of("desk", "night"));
        equal(client.newUserTaskGetFormRequest(task.getUserTaskKey()).send().join().getFormId(), "hand-over");
        client.newAssignUserTaskCommand(task.getUserTaskKey()).assignee("ann").send().join();
        client.newUpdateUserTaskCommand(task.getUserTaskKey()).priority(70).dueDate("2032-01-01T00:00:00Z").send().join();
        UserTask changed = client.newUserTaskGetRequest(task.getUserTaskKey()).send().join();
        equal(changed.getPriority() + changed.getAssignee(), "70ann");
        client.newUnassignUserTaskCommand(task.getUserTaskKey()).send().join();
        equal(first(client.newUserTaskVariableSearchRequest(task.getUserTaskKey()).filter(f -> f.name("shelf")).send().join().items()).getValue(), "7");
        client.newCompleteUserTaskCommand(task.getUserTaskKey()).variables(Map.of("reader", "Bo")).send().join();
        var correlated = eventually("the message", () -> {
            try {
                return client.newCorrelateMessageCommand().messageName("book-returned").correlationKey("L-1").variables(Map.of("state", "good")).send().join();
            } catch (ClientException notYet) {
                return null;
            }
        });
        equal(correlated.getProcessInstanceKey(), instance);
        equal(client.newProcessInstanceGetRequest(instance).send().join().getState(), ProcessInstanceState.COMPLETED);
        var variables = eventually("variables", () -> {
            var found = client.newVariableSearchRequest().filter(f -> f.processInstanceKey(instance)).sort(s -> s.name().asc()).send().join().items();
            return found.size() == 5 ? found : null;
        });
        equal(variables.get(1).getValue(), "\"L-1\"");
        equal(client.newVariableGetRequest(variables.get(1).getVariableKey()).send().join().getName(), "loan");
        equal(client.newProcessInstanceSequenceFlowsRequest(instance).send().join().size(), 4);
        client.newProcessInstanceElementStatisticsRequest(instance).send().join();
    }

    static void fails() throws Exception {
        long instance = start("L-2");
        client.newFailCommand(job("fetch")).retries(1).errorMessage("not there").send().join();
        client.newFailCommand(job("fetch")).retries(0).errorMessage("still not").send().join();
        var incident = eventually("the incident", () -> first(client.newIncidentSearchRequest()
            .filter(f -> f.processInstanceKey(instance).state(IncidentState.ACTIVE)).send().join().items()));
        equal(client.newIncidentGetRequest(incident.getIncidentKey()).send().join().getErrorType().toString(), "JOB_NO_RETRIES");
        var job = first(client.newJobSearchRequest().filter(f -> f.processInstanceKey(instance).state(JobState.FAILED)).send().join().items());
        client.newUpdateRetriesCommand(job.getJobKey()).retries(2).send().join();
        client.newResolveIncidentCommand(incident.getIncidentKey()).send().join();
        client.newThrowErrorCommand(job("fetch")).errorCode("LOST").send().join();
        eventually("the end", () -> count(f -> f.processInstanceKey(instance).state(ProcessInstanceState.COMPLETED)) == 1 ? true : null);
    }

    static void works() throws Exception {
        Set<Long> started = Set.of(start("L-3"), start("L-4"), start("L-5"));
        Set<Long> done = ConcurrentHashMap.newKeySet();
        try (var worker = client.newWorker().jobType("fetch").handler((jobs, job) -> {
            jobs.newCompleteCommand(job).variables(Map.of("shelf", 1)).send().join();
            done.add(job.getProcessInstanceKey());
        }).open()) {
            eventually("three jobs", () -> done.equals(started) ? true : null);
        }
        for (long instance : started) task(instance);
    }

    static void finds() throws Exception {
        equal(count(f -> f.processDefinitionId("loan").state(ProcessInstanceState.ACTIVE)), 3L);
        equal(count(f -> f.processDefinitionId(p -> p.like("l?an")).state(s -> s.neq(ProcessInstanceState.ACTIVE))), 2L);
        equal(count(f -> f.variables(Map.of("loan", "\"L-3\""))), 1L);
        equal(count(f -> f.variables(List.of(v -> v.name("loan").value(w -> w.in("\"L-3\"", "\"L-4\""))))), 2L);
        equal(count(f -> f.startDate(d -> d.gt(OffsetDateTime.parse("2020-01-01T00:00:00Z"))).hasIncident(false)), 5L);
        equal(count(f -> f.elementId("hand").elementInstanceState(ElementInstanceState.ACTIVE)), 3L);
        Set<Long> keys = new HashSet<>();
        List<Long> all = new ArrayList<>();
        String cursor = null;
        for (int round = 0; round < 10; round++) {
            String after = cursor;
            var page = client.newProcessInstanceSearchRequest().sort(s -> s.startDate().desc())
                .page(p -> { p.limit(2); if (after != null) p.after(after); }).send().join();
            if (page.items().isEmpty()) break;
            page.items().forEach(item -> { keys.add(item.getProcessInstanceKey()); all.add(item.getProcessInstanceKey()); });
            cursor = page.page().endCursor();
        }
        equal(all.size(), 5);
        equal(keys.size(), 5);
        equal(client.newUserTaskSearchRequest().filter(f -> f.candidateGroup(g -> g.in("desk", "day")).state(UserTaskState.CREATED).priority(p -> p.gte(60)))
            .sort(s -> s.creationDate().asc()).send().join().items().size(), 3);
        var element = first(client.newElementInstanceSearchRequest().filter(f -> f.elementId("hand").state(ElementInstanceState.ACTIVE)).send().join().items());
        equal(client.newElementInstanceGetRequest(element.getElementInstanceKey()).send().join().getElementId(), "hand");
    }

    static void changes() throws Exception {
        long instance = start("L-6");
        client.newModifyProcessInstanceCommand(instance).activateElement("wait").send().join();
        eventually("the element", () -> first(client.newElementInstanceSearchRequest()
            .filter(f -> f.processInstanceKey(instance).elementId("wait").state(ElementInstanceState.ACTIVE)).send().join().items()));
        client.newCancelInstanceCommand(instance).send().join();
        equal(client.newProcessInstanceGetRequest(instance).send().join().getState(), ProcessInstanceState.TERMINATED);
        var begun = client.newCreateBatchOperationCommand().processInstanceCancel()
            .filter(f -> f.processDefinitionId("loan").state(ProcessInstanceState.ACTIVE)).send().join();
        eventually("the batch", () -> client.newBatchOperationGetRequest(begun.getBatchOperationKey()).send().join().getStatus() == BatchOperationState.COMPLETED ? true : null);
        equal(client.newBatchOperationItemsSearchRequest().filter(f -> f.batchOperationKey(begun.getBatchOperationKey())).send().join().items().size(), 3);
    }

    static void decides() {
        var result = client.newEvaluateDecisionCommand().decisionId("fee-of").variables(Map.of("days", 31)).send().join();
        equal(result.getDecisionOutput(), "2");
        var ended = client.newCreateInstanceCommand().bpmnProcessId("fee").latestVersion().variables(Map.of("days", 3)).withResult().fetchVariables("fee").send().join();
        equal(ended.getVariablesAsMap().get("fee"), 0);
        var found = client.newDecisionInstanceSearchRequest().filter(f -> f.decisionDefinitionId("fee-of")).sort(s -> s.evaluationDate().desc()).send().join().items();
        equal(found.size(), 2);
        equal(client.newDecisionInstanceGetRequest(found.get(0).getDecisionInstanceId()).send().join().getEvaluatedInputs().get(0).getInputValue(), "3");
        equal(client.newDecisionInstanceGetRequest(found.get(1).getDecisionInstanceId()).send().join().getResult(), "2");
    }

    static void calls() {
        client.newPublishMessageCommand().messageName("book-returned").correlationKey("L-7").timeToLive(Duration.ofSeconds(1)).send().join();
        client.newBroadcastSignalCommand().signalName("closing").send().join();
    }

    public static void main(String[] arguments) {
        client = CamundaClient.newClientBuilder().restAddress(URI.create(System.getenv("BATON_URL"))).preferRestOverGrpc(true).build();
        story("the cluster says what it is", TeamDay::knows);
        story("models are deployed and found", TeamDay::deploys);
        story("a loan goes from its start to its end", TeamDay::lends);
        story("workers fail, throw errors and are resolved", TeamDay::fails);
        story("a worker of the client does its jobs", TeamDay::works);
        story("instances are found by everything that is asked", TeamDay::finds);
        story("an instance is modified, canceled and worked on in a batch", TeamDay::changes);
        story("decisions are evaluated, alone and in a process", TeamDay::decides);
        story("messages and signals are published", TeamDay::calls);
        client.close();
        System.exit(failed);
    }
}
