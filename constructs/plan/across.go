package plan

import "slices"

// across adds to the comparisons of stacks what only shows when they are seen
// together.
func across(before, after []*Template, reports []*Report) {
	for _, r := range reports {
		for _, other := range reports {
			if r != other && !(r.Pending != "" || other.Pending != "") {
				moves(before, after, r, other)
				waits(after, r, other)
				collides(before, after, r, other)
			}
		}
	}
}

// moves says of a consumer that leaves one stack and comes in another that it is the
// same.
func moves(before, after []*Template, from, to *Report) {
	was, is := named(before, from.Stack), named(after, to.Stack)
	if was == nil || is == nil {
		return
	}
	for i := range from.Lines {
		gone := &from.Lines[i]
		if gone.Type != typeMapping || gone.Verdict != Removed {
			continue
		}
		old := (&stack{was}).mapping(gone.LogicalID)
		if old == nil {
			continue // not of a cluster
		}
		for j := range to.Lines {
			l := &to.Lines[j]
			m := (&stack{is}).mapping(l.LogicalID)
			if l.Verdict != New || m == nil || m.reads() != old.reads() || m.Group != old.Group {
				continue
			}
			deployedFirst := named(after, from.Stack) != nil && slices.Contains(is.After, from.Stack)
			if f, ok := is.Resources[l.LogicalID].Properties["FunctionName"].(string); ok && f == was.Resources[gone.LogicalID].Properties["FunctionName"] && !deployedFirst {
				l.Verdict = Refused
				l.Effects = append(l.Effects, "409: stack "+from.Stack+" has the mapping still, and Lambda takes one of a cluster, topic and function",
					"instead: remove it there and deploy that stack, then add it here: the group goes on where it stopped")
				continue
			}
			l.Offsets, gone.Offsets = "kept", "kept"
			l.Effects = append(l.Effects, "it comes from stack "+from.Stack+", where it was "+old.Consumer)
			gone.Effects = []string{"it goes to stack " + to.Stack + ", where it is " + m.Consumer}
			if named(after, from.Stack) == nil {
				l.Effects = append(l.Effects, "stack "+from.Stack+" goes on polling until cdk destroy: until then the two share the partitions of the group")
			} else if slices.Contains(is.After, from.Stack) {
				gone.Effects = append(gone.Effects, "this stack is deployed first: until the other is, nothing is read, and the topic keeps the records")
			}
		}
	}
}

// waits says of what leaves the network of a stack that consumers of a stack which
// is deployed after it may still need it.
func waits(after []*Template, r, later *Report) {
	t := named(after, later.Stack)
	if t == nil || !slices.Contains(t.After, r.Stack) {
		return
	}
	for _, consumer := range later.Lines {
		if consumer.Type != typeMapping || consumer.Verdict == New {
			continue
		}
		for i := range r.Lines {
			if l := &r.Lines[i]; l.Section == Network && l.Verdict == Removed {
				l.Effects = append(l.Effects, "stack "+later.Stack+" is deployed after this one: until then "+consumer.Path+" may read nothing, and the topic keeps the records")
			}
		}
	}
}

// collides says of what a stack brings into the network that another one has it
// still, of which EC2 takes no second.
func collides(before, after []*Template, r, other *Report) {
	t, was, is := named(after, r.Stack), named(before, other.Stack), named(after, other.Stack)
	if t == nil || was == nil {
		return
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		if l.Verdict != New || l.Section != Network {
			continue
		}
		old := twin(was, t.Resources[l.LogicalID])
		switch {
		case old == nil:
		case is == nil:
			l.Verdict = Refused
			l.Effects = append(l.Effects, "EC2 refuses it: stack "+other.Stack+", which is in the app no more, has it still; cdk destroy it first")
		case twin(is, t.Resources[l.LogicalID]) != nil:
			l.Verdict = Refused
			l.Effects = append(l.Effects, "EC2 refuses it: stack "+other.Stack+" has it")
		case !slices.Contains(t.After, other.Stack):
			l.Effects = append(l.Effects, "EC2 refuses it until stack "+other.Stack+" is deployed, which has it still: deploy that one first")
		}
	}
}

// twin is the endpoint or rule of another template of which EC2 takes no second. What
// refers to a resource says nothing outside of its template: two stacks may each call
// something "VPC".
func twin(t *Template, r *Resource) *Resource {
	if refers(r.Properties["VpcId"]) || refers(r.Properties["GroupId"]) {
		return nil
	}
	for _, old := range (&stack{t}).of(typeEndpoint, typeIngress, typeEgress) {
		if r.Type == typeEndpoint && sameEndpoint(old, r) || r.Type != typeEndpoint && sameRule(old, r) {
			return old
		}
	}
	return nil
}

// mapping is the one of a logical id, nil where there is none.
func (s *stack) mapping(id string) *mapping {
	for _, m := range s.mappings() {
		if m.LogicalID == id {
			return m
		}
	}
	return nil
}

// refers reports whether a value is that of a resource or parameter of its template.
func refers(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}
