package loyalty

import "vouchsafe/retail/money"

// highestVAT is the highest rate in Europe, in percent: what a line comes to without VAT is no less than its gross without that.
const highestVAT = 27

// stored is what the stored values of an order come to.
type stored struct {
	minor int64
	vague bool // of some nobody says, and they have no face value
}

// storedIn adds up the stored values of an order; clear tells that the shop says itself what each comes to.
func storedIn(lines []Line) (values stored, clear bool) {
	clear = true
	for _, l := range lines {
		switch {
		case !l.StoredValue:
		case !l.Unsaid || l.Gross > 0:
			values.minor = sum(values.minor, max(l.Gross, l.Net, 0))
		default:
			values.minor, clear = sum(values.minor, max(l.Face, 0)), false
			values.vague = values.vague || l.Face <= 0
		}
	}
	return values, clear
}

// netted gives the lines that don't say what they come to without VAT their part of what the goods do: the lines that say it left the
// rest, which is shared by what the others come to with VAT, or by their units where none of them says that. Whole minor units are
// shared, all of them. Stored values have no part in it.
func netted(lines []Line, goods int64, values stored) []Line {
	rest, weights, mixed := goods, int64(0), false
	weigh := weighing(lines)
	for _, l := range lines {
		switch {
		case l.StoredValue:
			mixed = true
		case l.Unsaid:
			weights = sum(weights, weigh(l))
		default:
			rest -= min(max(l.Net, 0), rest)
		}
	}
	if mixed {
		rest = values.outOf(rest, weights, anyGross(lines))
	}
	return shared(lines, rest, weights, weigh)
}

// outOf is what is left for goods of what may have stored values counted in, which nobody tells. It has not if the goods come to as much
// with VAT, or the stored values to more. Else they are taken off: nothing is earned on those, whoever adds up.
func (s stored) outOf(rest, gross int64, priced bool) int64 {
	without := max(0, rest-s.minor)
	switch {
	case priced && rest <= gross, !priced && s.minor > rest:
		return rest
	case priced && s.vague:
		return min(without, money.Share(gross, 100, 100+highestVAT))
	case priced:
		return min(without, gross)
	case s.vague:
		return 0
	}
	return without
}

// shared gives each line without a net its part of the rest by its weight. Each takes what is given up to it less what was given before
// it, so that the parts are the whole.
func shared(lines []Line, rest, weights int64, weigh func(Line) int64) []Line {
	told := make([]Line, len(lines))
	before, given := int64(0), int64(0)
	for i, l := range lines {
		if l.Unsaid && !l.StoredValue && weights > 0 {
			before = sum(before, weigh(l))
			l.Net = money.Share(rest, before, weights) - given
			given += l.Net
		}
		l.Unsaid, l.Units, l.Face = false, 0, 0
		told[i] = l
	}
	return told
}

// weighing is what the parts of lines without a net are measured by: gross, units where none says a gross, and where none says a number
// either each is like the other.
func weighing(lines []Line) func(Line) int64 {
	if anyGross(lines) {
		return func(l Line) int64 { return max(l.Gross, 0) }
	}
	for _, l := range lines {
		if unpriced(l) && l.Units > 0 {
			return func(l Line) int64 { return max(l.Units, 0) }
		}
	}
	return func(Line) int64 { return 1 }
}

// anyGross tells whether a line without a net says what it comes to with VAT.
func anyGross(lines []Line) bool {
	for _, l := range lines {
		if unpriced(l) && l.Gross > 0 {
			return true
		}
	}
	return false
}

// unpriced tells a line of goods that does not say what it comes to without VAT.
func unpriced(l Line) bool { return l.Unsaid && !l.StoredValue }
