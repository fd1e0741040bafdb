// SPDX-License-Identifier: Apache-2.0

package baton

// progress of a partition: jobs end in any order, and only what has no unanswered job before it is committed.
type progress struct {
	first  int64  // the offset of isDone[0]
	isDone []bool // gaps, which topics with transactions have, are done from the first
}

func (p *progress) begin(offset int64) {
	if len(p.isDone) == 0 {
		p.first = offset
	}
	for p.first+int64(len(p.isDone)) <= offset {
		p.isDone = append(p.isDone, p.first+int64(len(p.isDone)) < offset)
	}
}

// end gives the offset to commit, or -1 where that has not changed.
func (p *progress) end(offset int64) int64 {
	at := offset - p.first
	if at < 0 || at >= int64(len(p.isDone)) || p.isDone[at] {
		return -1
	}
	p.isDone[at] = true
	n := 0
	for n < len(p.isDone) && p.isDone[n] {
		n++
	}
	if n == 0 {
		return -1
	}
	p.first += int64(n)
	p.isDone = p.isDone[n:]
	return p.first
}
