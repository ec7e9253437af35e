package purchase

// Words are what a shop tells of a unit beside what it sells, as digests that nobody can read: to whom its code goes, with which words,
// and when. "" is of what it does not tell.
type Words struct {
	To      string `json:"to,omitempty"`
	Named   bool   `json:"named,omitempty"` // To is a recipient whom the buyer named, and not the buyer himself
	Name    string `json:"name,omitempty"`
	Message string `json:"message,omitempty"`
	Day     string `json:"day,omitempty"`
	Gone    bool   `json:"gone,omitempty"` // a recipient or a day was told before and is no longer; it is the one that stands here
}

// Correction is what of its words a shop tells otherwise than it last did (X05). What the office has corrected meanwhile is not in it: a
// shop that only repeats itself corrects nobody.
type Correction struct {
	To, Name, Message, Day bool
	// Gone says that the shop has stopped telling a recipient or a day. Perhaps the buyer wants the code himself, or at once; perhaps the
	// shop has lost it, or erased it. A code that came too early or to the wrong one can't be called back.
	Gone bool
	// Out says that it is still not told: whatever else is corrected, nobody knows for whom or when.
	Out bool
	// Fresh says that there is something to read in it, and not only something left out.
	Fresh bool
}

// After compares what a shop tells with what it told last, and says what is to be remembered as told. Of what is gone that is the last word,
// so that it is no correction once it is told again.
func (w Words) After(last Words) (Correction, Words) {
	kept := w
	lost := w.To != last.To && (last.Named && !w.Named || w.To == "")
	if lost {
		kept.To, kept.Named = last.To, last.Named
	}
	if last.Day != "" && w.Day == "" {
		kept.Day, lost = last.Day, true
	}
	kept.Gone = lost
	c := Correction{
		To: kept.To != last.To, Name: w.Name != last.Name, Message: w.Message != last.Message,
		Day: kept.Day != last.Day, Gone: lost && !last.Gone, Out: lost,
	}
	c.Fresh = c.To || c.Day || c.Name && w.Name != "" || c.Message && w.Message != ""
	return c, kept
}

// Any tells whether there is anything to do about a correction.
func (c Correction) Any() bool { return c.To || c.Name || c.Message || c.Day || c.Gone }

// Changed names what is told otherwise, for people and programs.
func (c Correction) Changed() (names []string) {
	for _, part := range []struct {
		name string
		is   bool
	}{{"recipient", c.To}, {"name", c.Name}, {"message", c.Message}, {"deliver_on", c.Day}, {"left_out", c.Gone}} {
		if part.is {
			names = append(names, part.name)
		}
	}
	return names
}

// Letter is how far the mail with a code has come when a correction of it is told.
type Letter int

// The letters.
const (
	Unsent   Letter = iota // nothing of it has left
	Doubtful               // it may have left
	Sent                   // there is none that could be changed: it was made, came back, or somebody ended it
)

// The reasons for which a correction waits for a person.
const (
	TooLate     = "too_late"     // there is no mail left that it could change
	MaybeTooOld = "same_instant" // another state of the same second says otherwise, and nobody can tell which is the later
	LeftOut     = "left_out"     // a recipient or a day is no longer told
	MayHaveLeft = "in_doubt"     // whether the mail has left can't be told
)

// Fate is what becomes of a correction.
type Fate struct {
	Carry bool   // the mail is changed
	Ask   string // the reason for which a person has to look; "" for none
}

// Fate is what becomes of a correction of a mail. Twin says that another state of the same second says otherwise.
func (c Correction) Fate(letter Letter, twin bool) Fate {
	switch {
	case !c.Any(), letter != Unsent && !c.Fresh:
		return Fate{}
	case letter == Sent:
		return Fate{Ask: TooLate}
	case letter == Doubtful:
		return Fate{Ask: MayHaveLeft}
	case twin:
		return Fate{Ask: MaybeTooOld}
	case c.Out:
		return Fate{Ask: LeftOut}
	}
	return Fate{Carry: true}
}
