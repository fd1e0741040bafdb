// SPDX-License-Identifier: Apache-2.0
// The rows of rows.json in Drools (compiled expressions; decision tables) and feel-scala: one JSON line a row and engine.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.StringReader;
import java.math.BigDecimal;
import java.util.*;
import java.util.function.Supplier;
import org.camunda.feel.FeelEngine;
import org.camunda.feel.impl.JavaValueMapper;
import org.camunda.feel.syntaxtree.ParsedExpression;
import org.kie.api.io.Resource;
import org.kie.dmn.api.core.*;
import org.kie.dmn.core.internal.utils.DMNRuntimeBuilder;
import org.kie.dmn.feel.FEEL;
import org.kie.dmn.feel.lang.*;
import org.kie.dmn.feel.lang.types.BuiltInType;
import org.kie.internal.io.ResourceFactory;

public class Engines {
    static Object java(JsonNode n) {
        if (n.isNumber()) return n.decimalValue();
        if (n.isTextual()) return n.textValue();
        if (n.isBoolean()) return n.booleanValue();
        if (n.isArray()) { List<Object> l = new ArrayList<>(); n.forEach(x -> l.add(java(x))); return l; }
        Map<String, Object> m = new LinkedHashMap<>();
        n.fields().forEachRemaining(e -> m.put(e.getKey(), java(e.getValue())));
        return m;
    }

    static double perSecond(Supplier<Object> once) {
        long warm = System.nanoTime();
        while (System.nanoTime() - warm < 4_000_000_000L) once.get();
        double best = 0;
        for (int round = 0; round < 3; round++) {
            long start = System.nanoTime(), now = start, count = 0;
            for (; now - start < 400_000_000L; now = System.nanoTime(), count++) once.get();
            best = Math.max(best, count * 1e9 / (now - start));
        }
        return best;
    }

    static void row(String engine, String name, Supplier<Object> once) {
        Object value;
        try { value = once.get(); } catch (Exception e) { value = null; }
        if (value == null) { System.err.println(engine + " has no value for " + name); return; }
        System.out.printf("{\"engine\":\"%s\",\"name\":\"%s\",\"value\":%.0f}%n", engine, name, perSecond(once));
    }

    static String table(int rules) {
        StringBuilder x = new StringBuilder("<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" name=\"t\" namespace=\"t\"><inputData id=\"a\" name=\"amount\"><variable name=\"amount\" typeRef=\"number\"/></inputData><inputData id=\"k\" name=\"kind\"><variable name=\"kind\" typeRef=\"string\"/></inputData><decision id=\"d\" name=\"d\"><variable name=\"d\"/><informationRequirement id=\"r1\"><requiredInput href=\"#a\"/></informationRequirement><informationRequirement id=\"r2\"><requiredInput href=\"#k\"/></informationRequirement><decisionTable id=\"dt\" hitPolicy=\"UNIQUE\"><input id=\"i1\"><inputExpression id=\"ie1\" typeRef=\"number\"><text>amount</text></inputExpression></input><input id=\"i2\"><inputExpression id=\"ie2\" typeRef=\"string\"><text>kind</text></inputExpression></input><output id=\"o\"/>");
        for (int i = 0; i < rules; i++)
            x.append(String.format("<rule id=\"x%d\"><inputEntry id=\"p%d\"><text>[%d..%d)</text></inputEntry><inputEntry id=\"q%d\"><text>\"%s\"</text></inputEntry><outputEntry id=\"z%d\"><text>%d</text></outputEntry></rule>", i, i, 10 * i, 10 * i + 10, i, i % 2 == 1 ? "b" : "a", i, i));
        return x.append("</decisionTable></decision></definitions>").toString();
    }

    static void tables() {
        for (int rules = 10; rules <= 10000; rules *= 10) {
            Resource resource = ResourceFactory.newReaderResource(new StringReader(table(rules)), "UTF-8");
            DMNRuntime runtime = DMNRuntimeBuilder.fromDefaults().buildConfiguration().fromResources(List.of(resource)).getOrElseThrow(RuntimeException::new);
            DMNModel model = runtime.getModels().get(0);
            long[] counter = {0};
            int n = rules;
            row("drools", "table of " + rules + " rules", () -> {
                long at = counter[0]++ * 7919 % n;
                DMNContext context = runtime.newContext();
                context.set("amount", BigDecimal.valueOf(at * 10 + 5));
                context.set("kind", at % 2 == 1 ? "b" : "a");
                return runtime.evaluateAll(model, context).getDecisionResultByName("d").getResult();
            });
        }
    }

    public static void main(String[] args) throws Exception {
        List<Object> items = new ArrayList<>();
        for (int i = 0; i < 1000; i++)
            items.add(new LinkedHashMap<>(Map.of("id", BigDecimal.valueOf(i), "name", "an item", "amount", BigDecimal.valueOf(i * 7919 % 1000))));
        FEEL drools = FEEL.newInstance();
        FeelEngine scala = new FeelEngine.Builder().customValueMapper(new JavaValueMapper()).build();
        for (JsonNode r : new ObjectMapper().readTree(new File(args[0]))) {
            String name = r.get("name").asText(), expression = r.get("expression").asText();
            @SuppressWarnings("unchecked")
            Map<String, Object> variables = r.has("variables") ? (Map<String, Object>) java(r.get("variables")) : Map.of("items", items);
            CompilerContext context = drools.newCompilerContext();
            variables.keySet().forEach(k -> context.addInputVariableType(k, BuiltInType.UNKNOWN));
            CompiledExpression compiled = drools.compile(expression, context);
            row("drools", name, () -> drools.evaluate(compiled, variables));
            ParsedExpression parsed = scala.parseExpression(expression).right().get();
            row("feel-scala", name, () -> { var v = scala.eval(parsed, variables); return v.isRight() ? v.right().get() : null; });
        }
        tables();
    }
}
