// SPDX-License-Identifier: Apache-2.0
// The models of the client's tests, as Camunda Modeler writes them (without diagrams).
const definitions = body => `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
  xmlns:modeler="http://camunda.org/schema/modeler/1.0" id="definitions" targetNamespace="http://bpmn.io/schema/bpmn">
${body}
</bpmn:definitions>`;

export const orderModel = {
  name: 'order.bpmn',
  text: definitions(`
  <bpmn:message id="shipped" name="shipped">
    <bpmn:extensionElements><zeebe:subscription correlationKey="=orderId"/></bpmn:extensionElements>
  </bpmn:message>
  <bpmn:process id="order" name="Order" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="charge"/>
    <bpmn:serviceTask id="charge" name="Charge">
      <bpmn:extensionElements>
        <zeebe:taskDefinition type="charge" retries="2"/>
        <zeebe:ioMapping><zeebe:input source="=amount * 1.19" target="total"/></zeebe:ioMapping>
        <zeebe:taskHeaders><zeebe:header key="currency" value="EUR"/></zeebe:taskHeaders>
      </bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
    </bpmn:serviceTask>
    <bpmn:sequenceFlow id="f2" sourceRef="charge" targetRef="wait"/>
    <bpmn:intermediateCatchEvent id="wait"><bpmn:incoming>f2</bpmn:incoming><bpmn:outgoing>f3</bpmn:outgoing>
      <bpmn:messageEventDefinition id="med" messageRef="shipped"/></bpmn:intermediateCatchEvent>
    <bpmn:sequenceFlow id="f3" sourceRef="wait" targetRef="check"/>
    <bpmn:userTask id="check" name="Check">
      <bpmn:extensionElements><zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="clerks"/></bpmn:extensionElements>
      <bpmn:incoming>f3</bpmn:incoming><bpmn:outgoing>f4</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="f4" sourceRef="check" targetRef="end"/>
    <bpmn:endEvent id="end"><bpmn:incoming>f4</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>`),
};

export const reviewModel = {
  name: 'review.bpmn',
  text: definitions(`
  <bpmn:process id="reviewing" isExecutable="true">
    <bpmn:startEvent id="start"/>
    <bpmn:parallelGateway id="fork"/>
    <bpmn:userTask id="review"><bpmn:extensionElements><zeebe:userTask/></bpmn:extensionElements></bpmn:userTask>
    <bpmn:boundaryEvent id="late" attachedToRef="review" cancelActivity="false">
      <bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
    <bpmn:serviceTask id="audit"><bpmn:extensionElements><zeebe:taskDefinition type="audit"/></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:userTask id="archive"><bpmn:extensionElements><zeebe:userTask/></bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="end"/>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="fork"/>
    <bpmn:sequenceFlow id="f2" sourceRef="fork" targetRef="review"/>
    <bpmn:sequenceFlow id="f3" sourceRef="fork" targetRef="audit"/>
    <bpmn:sequenceFlow id="f4" sourceRef="review" targetRef="archive"/>
    <bpmn:sequenceFlow id="f5" sourceRef="archive" targetRef="end"/>
    <bpmn:sequenceFlow id="f6" sourceRef="audit" targetRef="end"/>
    <bpmn:sequenceFlow id="f7" sourceRef="late" targetRef="end"/>
  </bpmn:process>`),
};

// The task has another id, the work another type.
export const reviewModelChanged = {
  name: 'review.bpmn',
  text: definitions(`
  <bpmn:process id="reviewing" isExecutable="true">
    <bpmn:startEvent id="start"/>
    <bpmn:parallelGateway id="fork"/>
    <bpmn:userTask id="check"><bpmn:extensionElements><zeebe:userTask/></bpmn:extensionElements></bpmn:userTask>
    <bpmn:boundaryEvent id="late" attachedToRef="check" cancelActivity="false">
      <bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
    <bpmn:serviceTask id="audit"><bpmn:extensionElements><zeebe:taskDefinition type="deep-audit"/></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:userTask id="archive"><bpmn:extensionElements><zeebe:userTask/></bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="end"/>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="fork"/>
    <bpmn:sequenceFlow id="f2" sourceRef="fork" targetRef="check"/>
    <bpmn:sequenceFlow id="f3" sourceRef="fork" targetRef="audit"/>
    <bpmn:sequenceFlow id="f4" sourceRef="check" targetRef="archive"/>
    <bpmn:sequenceFlow id="f5" sourceRef="archive" targetRef="end"/>
    <bpmn:sequenceFlow id="f6" sourceRef="audit" targetRef="end"/>
    <bpmn:sequenceFlow id="f7" sourceRef="late" targetRef="end"/>
  </bpmn:process>`),
};

export const weatherModel = {
  name: 'weather.bpmn',
  text: definitions(`
  <bpmn:process id="weather" isExecutable="true" xmlns:baton="http://baton.dev/schema/bpmn">
    <bpmn:startEvent id="hot"><bpmn:conditionalEventDefinition><bpmn:condition>=temperature &gt; 30</bpmn:condition></bpmn:conditionalEventDefinition></bpmn:startEvent>
    <bpmn:task id="note"><bpmn:extensionElements><baton:cost value="12.5"/></bpmn:extensionElements></bpmn:task>
    <bpmn:userTask id="cool"><bpmn:extensionElements><zeebe:userTask/><baton:sla value="PT0.2S"/></bpmn:extensionElements></bpmn:userTask>
    <bpmn:sequenceFlow id="f1" sourceRef="hot" targetRef="note"/>
    <bpmn:sequenceFlow id="f2" sourceRef="note" targetRef="cool"/>
  </bpmn:process>`),
};

export const failingModel = {
  name: 'failing.bpmn',
  text: definitions(`
  <bpmn:error id="broken" name="broken" errorCode="BROKEN"/>
  <bpmn:process id="failing" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="fragile"/>
    <bpmn:serviceTask id="fragile"><bpmn:extensionElements><zeebe:taskDefinition type="fragile"/></bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing></bpmn:serviceTask>
    <bpmn:boundaryEvent id="caught" attachedToRef="fragile"><bpmn:outgoing>f3</bpmn:outgoing>
      <bpmn:errorEventDefinition id="eed" errorRef="broken"/></bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="f2" sourceRef="fragile" targetRef="end"/>
    <bpmn:sequenceFlow id="f3" sourceRef="caught" targetRef="end"/>
    <bpmn:endEvent id="end"><bpmn:incoming>f2</bpmn:incoming><bpmn:incoming>f3</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>`),
};

export const discountModel = {
  name: 'discount.dmn',
  text: `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="discounts" name="Discounts" namespace="http://example.com/discounts">
  <decision id="discount" name="Discount">
    <decisionTable id="table" hitPolicy="UNIQUE">
      <input id="in"><inputExpression id="ie" typeRef="number"><text>total</text></inputExpression></input>
      <output id="out" name="discount" typeRef="number"/>
      <rule id="small"><inputEntry id="i1"><text>&lt; 100</text></inputEntry><outputEntry id="o1"><text>0</text></outputEntry></rule>
      <rule id="large"><inputEntry id="i2"><text>&gt;= 100</text></inputEntry><outputEntry id="o2"><text>10</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>`,
};

// A decision that requires another one, and a process that asks for it.
export const quoteModel = {
  name: 'quote.dmn',
  text: `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="quotes" name="Quotes" namespace="http://example.com/quotes">
  <decision id="rate" name="Rate">
    <decisionTable id="rates" hitPolicy="UNIQUE">
      <input id="region" label="Region"><inputExpression id="re"><text>region</text></inputExpression></input>
      <output id="percent" name="percent" typeRef="number"/>
      <rule id="home"><inputEntry id="r1"><text>"home"</text></inputEntry><outputEntry id="p1"><text>5</text></outputEntry></rule>
      <rule id="abroad"><inputEntry id="r2"><text>not("home")</text></inputEntry><outputEntry id="p2"><text>9</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <decision id="quote" name="Quote">
    <informationRequirement id="needs"><requiredDecision href="#rate"/></informationRequirement>
    <literalExpression id="formula"><text>total * Rate / 100</text></literalExpression>
  </decision>
  <decision id="endless" name="Endless">
    <literalExpression id="loop"><text>count(for i in 1..100000, j in 1..100000 return i)</text></literalExpression>
  </decision>
</definitions>`,
};

export const quoteProcess = {
  name: 'quote.bpmn',
  text: `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="http://example.com">
  <bpmn:process id="quoting" name="Quoting" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="ask"/>
    <bpmn:businessRuleTask id="ask">
      <bpmn:extensionElements><zeebe:calledDecision decisionId="quote" resultVariable="price"/></bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
    </bpmn:businessRuleTask>
    <bpmn:sequenceFlow id="f2" sourceRef="ask" targetRef="end"/>
    <bpmn:endEvent id="end"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>`,
};

const dmn = (id, namespace, body) =>
  `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="${id}" name="${id}" namespace="http://example.com/${namespace}">
${body}
</definitions>`;

const importing = (name, namespace) =>
  `  <import name="${name}" namespace="http://example.com/${namespace}" importType="https://www.omg.org/spec/DMN/20191111/MODEL/"/>`;

const calling = (id, namespace, knowledge, text) => `  <decision id="${id}" name="${id}">
    <variable name="${id}" typeRef="number"/>
    <knowledgeRequirement><requiredKnowledge href="http://example.com/${namespace}#${knowledge}"/></knowledgeRequirement>
    <literalExpression><text>${text}</text></literalExpression>
  </decision>`;

// Knowledge alone: no decision of it can be evaluated.
export const taxModel = percent => ({
  name: 'tax.dmn',
  text: dmn('taxes', 'taxes', `  <businessKnowledgeModel id="withTax" name="with tax">
    <variable name="with tax"/>
    <encapsulatedLogic><formalParameter name="net" typeRef="number"/><literalExpression><text>net * (100 + ${percent}) / 100</text></literalExpression></encapsulatedLogic>
  </businessKnowledgeModel>`),
});

export const priceModel = {
  name: 'price.dmn',
  text: dmn('prices', 'prices', [importing('tax', 'taxes'), calling('price', 'taxes', 'withTax', 'tax.with tax(amount)')].join('\n')),
};

// Imports what imports.
export const offerModel = {
  name: 'offer.dmn',
  text: dmn('offers', 'offers', `${importing('prices', 'prices')}
  <decision id="offer" name="offer">
    <variable name="offer" typeRef="number"/>
    <informationRequirement><requiredDecision href="http://example.com/prices#price"/></informationRequirement>
    <literalExpression><text>prices.price - 1</text></literalExpression>
  </decision>`),
};

export const orphanModel = {name: 'orphan.dmn', text: dmn('orphans', 'orphans', importing('lost', 'nowhere'))};

export const circleModels = ['left', 'right'].map((name, index, names) => ({
  name: `${name}.dmn`, text: dmn(name, `circle/${name}`, importing('other', `circle/${names[1 - index]}`)),
}));

// Deployable, but the text can never be a number, and a name is known to nobody.
export const doubtfulModel = {
  name: 'doubtful.dmn',
  text: dmn('doubtful', 'doubtful', `  <decision id="doubt" name="Doubt">
    <variable name="Doubt" typeRef="number"/>
    <literalExpression><text>"ten" * 2</text></literalExpression>
  </decision>`),
};
