// SPDX-License-Identifier: Apache-2.0
// Tests of a process as a team writes them with Camunda Process Test, unchanged, whose remote runtime is Baton: the time is moved, job
// workers, called processes and decisions are mocked, and after each test everything is deleted.
import static io.camunda.process.test.api.CamundaAssert.assertThat;
import static io.camunda.process.test.api.CamundaAssert.assertThatDecision;
import static io.camunda.process.test.api.CamundaAssert.assertThatUserTask;
import static io.camunda.process.test.api.assertions.DecisionSelectors.byName;
import static io.camunda.process.test.api.assertions.ElementSelectors.byId;
import static io.camunda.process.test.api.assertions.UserTaskSelectors.byElementId;
import static io.camunda.process.test.api.assertions.UserTaskSelectors.byTaskName;

import io.camunda.client.CamundaClient;
import io.camunda.client.api.response.ProcessInstanceEvent;
import io.camunda.process.test.api.CamundaProcessTest;
import io.camunda.process.test.api.CamundaProcessTestContext;
import io.camunda.process.test.api.assertions.ProcessInstanceSelectors;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@CamundaProcessTest
public class RepairTest {
    // Injected by Camunda Process Test.
    private CamundaClient client;
    private CamundaProcessTestContext context;

    @BeforeEach
    void deploys() {
        String models = System.getenv("MODELS");
        var deployed = client.newDeployResourceCommand().addResourceFile(Path.of(models, "repair.bpmn").toString())
            .addResourceFile(Path.of(models, "fee.dmn").toString()).send().join();
        // Each test begins with nothing: what is deployed is the first version.
        Assertions.assertThat(deployed.getProcesses()).extracting(process -> process.getVersion()).containsExactly(1);
    }

    private ProcessInstanceEvent bring(String device) {
        return client.newCreateInstanceCommand().bpmnProcessId("repair").latestVersion().variables(Map.of("device", device)).send().join();
    }

    private void arrive(String device) {
        client.newPublishMessageCommand().messageName("part-arrived").correlationKey(device).timeToLive(Duration.ofHours(1)).send().join();
    }

    @Test
    void goesTheWholeWay() {
        var diagnosed = context.mockJobWorker("diagnose").thenComplete(Map.of("days", 45));
        context.mockChildProcess("delivery", Map.of("signed", true));
        var repair = bring("lamp");
        assertThat(repair).isActive().hasActiveElements("agree").hasVariable("fee", 16);
        context.completeUserTask(byElementId("agree"), Map.of("agreed", true));
        assertThat(repair).isWaitingForMessage("part-arrived", "lamp").hasActiveElementsExactly("wait");
        arrive("lamp");
        assertThat(repair).hasCorrelatedMessage("part-arrived").hasCorrelatedMessage("part-arrived", "lamp");
        assertThat(repair).isCompleted().hasCompletedElementsInOrder("brought", "diagnose", "price", "agree", "wait", "deliver", "done")
            .hasNotActivatedElements("scrapped", "remind").hasNoActiveElements("wait").hasNoActiveIncidents()
            .hasVariables(Map.of("agreed", true, "signed", true, "days", 45)).isNotWaitingForMessage("part-arrived")
            .hasCompletedElement(byId("deliver"), 1);
        assertThat(ProcessInstanceSelectors.byProcessId("delivery")).isCompleted();
        Assertions.assertThat(diagnosed.getActivatedJobs()).hasSize(1);
        Assertions.assertThat(diagnosed.getActivatedJobs().get(0).getVariablesAsMap()).containsEntry("what", "lamp");
    }

    @Test
    void aReminderComesAfterAWeek() {
        context.mockJobWorker("diagnose").thenComplete(Map.of("days", 3));
        var reminded = context.mockJobWorker("remind").thenComplete();
        var repair = bring("chair");
        assertThat(repair).hasActiveElements("agree");
        Instant before = context.getCurrentTime();
        context.increaseTime(Duration.ofDays(6));
        assertThat(repair).hasNotActivatedElements("remind");
        context.increaseTime(Duration.ofDays(1).plusMinutes(1));
        assertThat(repair).hasCompletedElements("week", "remind", "reminded").hasActiveElements("agree");
        Assertions.assertThat(Duration.between(before, context.getCurrentTime())).isGreaterThan(Duration.ofDays(7));
        Assertions.assertThat(reminded.getInvocations()).isEqualTo(1);
    }

    @Test
    void theClockIsTheMachinesAgainInEachTest() {
        Assertions.assertThat(Duration.between(Instant.now(), context.getCurrentTime()).abs()).isLessThan(Duration.ofMinutes(1));
        context.setTime(Instant.parse("2035-05-05T10:00:00Z"));
        context.mockJobWorker("diagnose").thenComplete(Map.of("days", 3));
        assertThat(bring("clock")).hasActiveElements("agree");
        assertThatUserTask(byElementId("agree")).isCreated();
        var found = client.newUserTaskSearchRequest().send().join().items();
        Assertions.assertThat(found).hasSize(1);
        Assertions.assertThat(found.get(0).getCreationDate().toString()).startsWith("2035-05-05T10:0");
    }

    @Test
    void anErrorOfTheWorkerIsCaught() {
        context.mockJobWorker("diagnose").thenThrowBpmnError("BEYOND_REPAIR", Map.of("because", "rust"));
        assertThat(bring("bike")).isCompleted().hasCompletedElements("hopeless", "scrapped").hasTerminatedElements("diagnose")
            .hasVariable("because", "rust").hasNotActivatedElements("price");
    }

    @Test
    void aFailureBecomesAnIncident() {
        context.mockJobWorker("diagnose").withHandler((jobs, job) -> jobs.newFailCommand(job).retries(0).errorMessage("no light").send().join());
        var repair = bring("phone");
        assertThat(repair).hasActiveIncidents().hasActiveElements("diagnose");
        client.newCancelInstanceCommand(repair.getProcessInstanceKey()).send().join();
        assertThat(repair).isTerminated().hasTerminatedElements("diagnose");
    }

    @Test
    void theTaskIsShownAsModelled() {
        context.mockJobWorker("diagnose").thenComplete(Map.of("days", 3));
        var repair = bring("radio");
        assertThatUserTask(byTaskName("Agree on the price")).isCreated().hasAssignee("ann").hasPriority(70).hasElementId("agree")
            .hasName("Agree on the price").hasProcessInstanceKey(repair.getProcessInstanceKey()).hasDueDate("2031-01-02T03:04:05Z")
            .hasFollowUpDate("2030-12-24T00:00:00Z").hasCandidateGroups(List.of("counter", "night"));
        context.completeUserTask("agree");
        assertThatUserTask(byElementId("agree")).isCompleted();
    }

    @Test
    void theDecisionSaysWhichRules() {
        context.mockJobWorker("diagnose").thenComplete(Map.of("days", 40));
        assertThat(bring("oven")).hasCompletedElements("price");
        assertThatDecision(byName("Fee of a loan")).isEvaluated().hasOutput(11).hasMatchedRules(2).hasNotMatchedRules(1);
        var alone = client.newEvaluateDecisionCommand().decisionId("fee-of").variables(Map.of("days", 2)).send().join();
        assertThatDecision(alone).hasOutput(0).hasMatchedRules(1);
    }

    @Test
    void aMockedDecisionTakesTheOthersPlace() {
        context.mockDmnDecision("fee-of", 99);
        context.mockJobWorker("diagnose").thenComplete(Map.of("days", 1));
        assertThat(bring("harp")).hasCompletedElements("price").hasVariable("fee", 99);
    }

    @Test
    void jobsAreDoneByHand() {
        var repair = bring("kite");
        context.completeJob("diagnose", Map.of("days", 31));
        assertThat(repair).hasVariable("fee", 2).hasActiveElements("agree").hasLocalVariable("diagnose", "what", "kite");
        var other = bring("sail");
        context.throwBpmnErrorFromJob("diagnose", "BEYOND_REPAIR");
        assertThat(other).isCompleted().hasCompletedElements("scrapped");
    }
}
