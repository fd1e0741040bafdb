# SPDX-License-Identifier: Apache-2.0
"""What history itself says of a process, by SQL over the view of its events and a few lines of Python: an oracle that shares no code with what it judges."""
import collections
import datetime

PEOPLE = {'userTask'}
WORKERS = {'serviceTask', 'sendTask', 'businessRuleTask', 'scriptTask', 'intermediateThrowEvent'}
AT_ONCE = {'task', 'manualTask', 'callActivity', 'boundaryEvent'}
OUTSIDE = {'receiveTask', 'intermediateCatchEvent'}

EVENTS = '''SELECT h.stream, (extract(epoch FROM h.time) * 1000)::bigint, h.event, coalesce(h.key, 0), coalesce(h.scope, 0), coalesce(h.element, 0),
    coalesce(h.name, '') FROM readable_history h JOIN instances i ON i.shard = h.shard AND i.key = h.stream
    WHERE h.kind = 'instance' AND i.process_id = '{process}' ORDER BY h.stream, h.sequence, h.position'''
ELEMENTS = '''SELECT i.key, p.element, p.id, p.name, p.type, i.version FROM instances i JOIN definitions d ON d.key = i.definition
    JOIN process_elements p ON p.digest = d.digest AND p.process_id = d.id WHERE i.process_id = '{process}' '''


class Activity:
    def __init__(self, element, enabled):
        (self.id, self.name, self.type), self.enabled = element, enabled
        self.offered = self.claimed = self.ended = 0
        self.cancelled, self.actor, self.incidents, self.breached = False, '', 0, False

    @property
    def resource(self):
        return self.actor if self.type in PEOPLE else ''

    @property
    def started(self):
        if self.type in OUTSIDE:
            return self.ended
        if self.type in PEOPLE:
            begun = self.claimed or self.ended
        elif self.type in WORKERS:
            begun = self.claimed or self.offered or self.enabled
        else:
            begun = self.enabled
        return max(self.enabled, min(begun, self.ended))


class Case:
    def __init__(self, key, version):
        self.key, self.version, self.started, self.ended, self.completed, self.elements = key, version, 0, 0, False, {}
        self.incidents, self.breached = 0, False

    @property
    def activities(self):
        kept = [(a.ended, key, a) for key, a in self.elements.items()
                if a.ended and not a.cancelled and a.type in PEOPLE | WORKERS | AT_ONCE | OUTSIDE]
        return [a for _, _, a in sorted(kept, key=lambda item: item[:2])]


def rows(scene, sql):
    text = scene.psql(sql)
    return [line.split('|') for line in text.split('\n')] if text else []


def cases_of(scene, process):
    """All cases of a process, by key."""
    elements, versions, cases, jobs = {}, {}, {}, {}
    for case, number, ident, name, kind, version in rows(scene, ELEMENTS.format(process=process)):
        elements[int(case), int(number)] = (ident, name or ident, kind)
        versions[int(case)] = int(version)
    for stream, ms, event, key, scope, element, name in rows(scene, EVENTS.format(process=process)):
        stream, ms, key, scope, element = int(stream), int(ms), int(key), int(scope), int(element)
        case = cases.setdefault(stream, Case(stream, versions[stream]))
        take(case, jobs, elements, (ms, event, key, scope, element, name))
    return cases


def take(case, jobs, elements, event):
    ms, what, key, scope, element, name = event
    of = case.elements.get(jobs.get(key)) or case.elements.get(key) or case.elements.get(scope)
    if what == 'PROCESS_ACTIVATED':
        case.started = ms
    elif what in ('PROCESS_COMPLETED', 'PROCESS_TERMINATED'):
        case.ended, case.completed = ms, what == 'PROCESS_COMPLETED'
    elif what in ('ELEMENT_ACTIVATING', 'ELEMENT_ACTIVATED') and key not in case.elements:
        case.elements[key] = Activity(elements[case.key, element], ms)
    elif what == 'JOB_CREATED':
        jobs[key] = scope
    elif what == 'INCIDENT_CREATED':
        case.incidents += 1
        if of:
            of.incidents += 1
    elif what == 'SLA_BREACHED':
        case.breached = True
        if of:
            of.breached = True
    elif of is None:
        pass
    elif what in ('ELEMENT_COMPLETED', 'ELEMENT_TERMINATED'):
        of.ended, of.cancelled = ms, what == 'ELEMENT_TERMINATED'
    elif what == 'JOB_OFFERED':
        of.offered, of.claimed = ms, 0
    elif what == 'JOB_TAKEN':
        of.claimed = ms
    elif what == 'USER_TASK_CREATED':
        of.offered, of.claimed = ms, ms if name else 0
    elif what == 'USER_TASK_ASSIGNED':
        of.claimed = (of.claimed or ms) if name else 0
    elif what == 'USER_TASK_COMPLETED':
        of.actor, of.claimed = name, of.claimed or ms


# -- Figures, in seconds ---------------------------------------------------------------------


def touch_of(case):
    """Milliseconds in which somebody worked on it: overlaps once."""
    total, until = 0, 0
    for begun, ended in sorted((a.started, a.ended) for a in case.activities):
        begun = max(begun, until)
        total += max(0, ended - begun)
        until = max(until, ended)
    return total


def quantile(values, share):
    values = sorted(values)
    at = share * (len(values) - 1)
    low = int(at)
    return values[low] + (at - low) * (values[min(low + 1, len(values) - 1)] - values[low])


def ms_of(text):
    return round(datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp() * 1000)


def split_of(activity):
    """Queue, handling, external, work."""
    wait, work = activity.started - activity.enabled, activity.ended - activity.started
    if activity.type in OUTSIDE:
        return 0, 0, wait, work
    queue = activity.offered - activity.enabled if activity.enabled < activity.offered <= activity.started else 0
    return queue, wait - queue, 0, work


def rank_is_within(values, value, share, most=0.01):
    """Whether the value stands within so much of the rank."""
    below = sum(v < value for v in values) / len(values)
    upto = sum(v <= value for v in values) / len(values)
    one = 1 / len(values)
    return below - most - one <= share <= upto + most + one


def edges_of(cases):
    """{(from, to): [seconds]} by element ids; None before the first and behind the last."""
    edges = collections.defaultdict(list)
    for case in cases:
        before = None
        for activity in case.activities:
            edges[before.id if before else None, activity.id].append((activity.ended - (before.ended if before else case.started)) / 1000)
            before = activity
        if before:
            edges[before.id, None].append((case.ended - before.ended) / 1000)
    return edges


def figures_of(cases):
    """What the counters are to say of completed cases."""
    events = [a for c in cases for a in c.activities]
    again = clean = straight = handovers = 0
    done_again, done = collections.Counter(), collections.Counter()
    for case in cases:
        times, last, rework = collections.Counter(), None, 0
        for a in case.activities:
            times[a.id] += 1
            rework += times[a.id] > 1
            handovers += bool(last and last.resource and a.resource and last.resource != a.resource)
            last = a
        again += rework
        clean += rework == 0
        straight += rework == 0 and not any(a.type in PEOPLE for a in case.activities)
        done.update(times.keys())
        done_again.update(k for k, n in times.items() if n > 1)
    rolled = 1.0
    for ident, n in done.items():
        rolled *= 1 - done_again[ident] / n
    cycle, touch = [(c.ended - c.started) / 1000 for c in cases], [touch_of(c) / 1000 for c in cases]
    return {
        'cases': len(cases), 'events': len(events), 'cycle': cycle, 'touch': touch, 'wait': [c - t for c, t in zip(cycle, touch)],
        'flow_efficiency': sum(touch) / sum(cycle) if sum(cycle) else None, 'rework': again / len(events), 'first_pass_yield': clean / len(cases),
        'rolled_yield': rolled, 'handovers': handovers / len(cases), 'automation': sum(a.type not in PEOPLE for a in events) / len(events),
        'straight_through': straight / len(cases), 'variants': collections.Counter(tuple(a.id for a in c.activities) for c in cases),
    }
