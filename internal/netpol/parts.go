package netpol

// parts divides classes step by step: after each step, those are together that every list
// so far has both or neither of.
type parts struct {
	of    []int32 // by class
	count int32
	// moved is by part: the one that its classes in the list at hand go to, plus one.
	moved   []int32
	touched []int32
	kinds   []int32 // parts of the start, plus one
	answer  []int32
}

// reset begins anew, with classes of some kinds.
func (p *parts) reset(classes, kinds int) {
	if p.of == nil {
		p.of, p.kinds = make([]int32, classes), make([]int32, kinds)
	}
	clear(p.kinds)
	p.count = 0
}

// start puts a class with the others of its kind.
func (p *parts) start(class, kind int32) {
	if p.kinds[kind] == 0 {
		p.count++
		p.kinds[kind] = p.count
	}
	p.of[class] = p.kinds[kind] - 1
}

// refine parts those of a list from the others.
func (p *parts) refine(list []int32) {
	if n := int(p.count) - len(p.moved); n > 0 {
		p.moved = append(p.moved, make([]int32, n)...)
	}
	for _, class := range list {
		to := &p.moved[p.of[class]]
		if *to == 0 {
			p.touched = append(p.touched, p.of[class])
			p.count++
			*to = p.count
		}
		p.of[class] = *to - 1
	}
	for _, part := range p.touched {
		p.moved[part] = 0
	}
	p.touched = p.touched[:0]
}

// answers returns room for an answer to each part, all -1.
func (p *parts) answers() []int32 {
	p.answer = p.answer[:0]
	for range p.count {
		p.answer = append(p.answer, -1)
	}
	return p.answer
}
