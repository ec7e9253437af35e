package turnover

import "slices"

// layer is an amount that came in, as far as it is still there. Its fate is nil unless it was sold.
type layer struct {
	source Move
	fate   *Fate
	left   int64
}

// spend counts so much of the layer to a place.
func (l layer) spend(place Move, amount int64) {
	if l.fate != nil {
		l.fate.add(place, amount)
	}
}

// taken is what went out, so that it can come back.
type taken struct {
	layer
	place Move
}

// pile is what an account has: the oldest layer first.
type pile struct {
	layers []layer
	out    []taken // the latest last
}

// apply lets one line work on the pile. The fate is that of what the line sold.
func (p *pile) apply(l Line) (*Fate, error) {
	move := l.move()
	switch {
	case l.Amount < 0:
		return nil, p.take(move, -l.Amount)
	case move == Sold:
		fate := &Fate{Account: l.Account, Seq: l.Seq, Currency: l.Currency, At: l.At, Sold: l.Amount, Outstanding: l.Amount}
		p.layers = append(p.layers, layer{Sold, fate, l.Amount})
		return fate, nil
	case move == Reloaded || move == Granted:
		p.layers = append(p.layers, layer{move, nil, l.Amount})
	default:
		p.giveBack(move, l.Amount)
	}
	return nil, nil
}

// take takes out of the pile. A reload that is taken back, and a correction, concern first what came in that way; all else is taken from
// the oldest layers.
func (p *pile) take(place Move, amount int64) error {
	var from []layer
	switch place {
	case Reloaded, Granted:
		from, amount = p.newest(place, amount)
		place = Adjusted // where it reaches into what was sold
	case Adjusted:
		from, amount = p.newest(Granted, amount)
	}
	rest, err := p.oldest(amount)
	if err != nil {
		return err
	}
	for _, l := range append(from, rest...) {
		l.spend(place, l.left)
		p.out = append(p.out, taken{l, place})
	}
	return nil
}

// newest takes up to an amount from the layers of a source, the newest first, and tells what is left to take.
func (p *pile) newest(source Move, amount int64) (from []layer, left int64) {
	for i := len(p.layers) - 1; i >= 0 && amount > 0; i-- {
		if l := &p.layers[i]; l.source == source {
			part := min(l.left, amount)
			l.left, amount = l.left-part, amount-part
			from = append(from, layer{l.source, l.fate, part})
		}
	}
	p.clear()
	return from, amount
}

// oldest takes an amount from the oldest layers. Error: ErrBroken.
func (p *pile) oldest(amount int64) (from []layer, err error) {
	for i := 0; i < len(p.layers) && amount > 0; i++ {
		l := &p.layers[i]
		part := min(l.left, amount)
		l.left, amount = l.left-part, amount-part
		from = append(from, layer{l.source, l.fate, part})
	}
	p.clear()
	if amount > 0 {
		return nil, ErrBroken
	}
	return from, nil
}

// clear drops the layers that are used up.
func (p *pile) clear() {
	p.layers = slices.DeleteFunc(p.layers, func(l layer) bool { return l.left == 0 })
}

// giveBack returns what a place took last to the head of the pile; what it never took was granted.
func (p *pile) giveBack(place Move, amount int64) {
	for i := len(p.out) - 1; i >= 0 && amount > 0; i-- {
		t := &p.out[i]
		if t.place != place {
			continue
		}
		part := min(t.left, amount)
		t.left, amount = t.left-part, amount-part
		t.spend(place, -part)
		p.layers = slices.Insert(p.layers, 0, layer{t.source, t.fate, part})
	}
	p.out = slices.DeleteFunc(p.out, func(t taken) bool { return t.left == 0 })
	if amount > 0 {
		p.layers = append(p.layers, layer{Granted, nil, amount})
	}
}

// receive puts an amount of moving layers on the pile and returns the rest; what is missing is granted.
func (p *pile) receive(moving []layer, amount int64) []layer {
	for len(moving) > 0 && amount > 0 {
		part := min(moving[0].left, amount)
		p.layers = append(p.layers, layer{moving[0].source, moving[0].fate, part})
		moving[0].left, amount = moving[0].left-part, amount-part
		if moving[0].left == 0 {
			moving = moving[1:]
		}
	}
	if amount > 0 {
		p.layers = append(p.layers, layer{Granted, nil, amount})
	}
	return moving
}
