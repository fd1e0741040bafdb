# SPDX-License-Identifier: Apache-2.0
"""Makes a difference small: leaves out steps, elements and flows as long as something differs."""

import re
import xml.etree.ElementTree as XML

from model import BPMN, ZEEBE, NotCovered, local
from session import judge

XML.register_namespace("", BPMN[1:-1])
XML.register_namespace("zeebe", ZEEBE[1:-1])


def minimise(baton, xml, script, manual, tries=1500):
    """The smallest (model, script) found that still differs."""
    left = [tries]
    kind = kind_of(judge(baton, xml, script, manual))

    def differs(xml, script):
        left[0] -= 1
        try:
            return left[0] > 0 and kind_of(judge(baton, xml, script, manual)) == kind
        except (NotCovered, KeyError, AttributeError, IndexError, TypeError, ValueError):
            return False

    if kind is None:
        return xml, script
    smaller = True
    while smaller and left[0] > 0:
        script, fewer_steps = shorten(xml, script, differs)
        xml, fewer_elements = thin(xml, script, differs)
        smaller = fewer_steps or fewer_elements
    return xml, script


def kind_of(difference):
    """What a difference is, whatever the elements are called: so that it stays the one looked for."""
    if difference is None:
        return None
    return re.sub(r"\b[a-z]\d+\b", "X", difference.partition(";")[0])[:70]


def shorten(xml, script, differs):
    before = len(script)
    for index in reversed(range(len(script))):
        if index < len(script) and "start" not in script[index]:
            tried = script[:index] + script[index + 1:]
            if differs(xml, tried):
                script = tried
    return script, len(script) < before


def thin(xml, script, differs):
    changed = False
    for change in (remove, bypass, plain):
        at = 0
        while True:
            root = XML.fromstring(xml)
            targets = [node for node in root.iter() if node.get("id") and
                       local(node) not in ("definitions", "message", "signal", "error",
                                           "escalation")]
            if at >= len(targets):
                break
            if change(root, targets[at]):
                tried = XML.tostring(root, encoding="unicode")
                if tried != xml and differs(tried, script):
                    xml, changed = tried, True
                    continue
            at += 1
    return xml, changed


def parents(root):
    return {child: parent for parent in root.iter() for child in parent}


def remove(root, node):
    """The element, its borders, and the flows and associations of all of them."""
    gone = {inside.get("id") for inside in node.iter() if inside.get("id")}
    above = parents(root)
    while True:
        lost = [other for other in root.iter() if other.get("id") not in gone and
                (other.get("attachedToRef") in gone or other.get("sourceRef") in gone or
                 other.get("targetRef") in gone)]
        if not lost:
            break
        gone |= {other.get("id") for other in lost}
    for other in list(root.iter()):
        if other.get("id") in gone and other in above:
            above[other].remove(other)
        if other.get("default") in gone:
            del other.attrib["default"]
    return True


def bypass(root, node):
    """One flow in, one flow out: the flow goes past the element."""
    name = node.get("id")
    flows = [other for other in root.iter(BPMN + "sequenceFlow")]
    into = [flow for flow in flows if flow.get("targetRef") == name]
    out = [flow for flow in flows if flow.get("sourceRef") == name]
    if len(into) < 1 or len(out) != 1:
        return False
    for flow in into:
        flow.set("targetRef", out[0].get("targetRef"))
    return remove(root, node)


def plain(root, node):
    """Without its loop, its event definition or its condition."""
    for child in list(node):
        if local(child).endswith(("Characteristics", "EventDefinition", "conditionExpression")):
            node.remove(child)
            return True
    return False
