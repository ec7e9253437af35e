package woocommerce_test

import (
	"testing"

	"vouchsafe/webshop"
)

func TestWhatTheBuyerAskedForIsFoundInEveryForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		meta value
		want string
	}{
		{"a text", value{"key": "_gift_message", "value": "Kære Bo\nTillykke"}, "Kære Bo\nTillykke"},
		{"a number", value{"key": "_gift_message", "value": 42}, "42"},
		{"a truth", value{"key": "_gift_message", "value": true}, "true"},
		{"nothing", value{"key": "_gift_message", "value": nil}, ""},
		{"an object with a displayed text", value{"key": "_gift_message", "value": value{"a": 1}, "display_value": "Hej"}, "Hej"},
		{"a list and nothing to display", value{"key": "_gift_message", "value": []any{1}, "display_value": []any{}}, ""},
		{"an empty value with a displayed one", value{"key": "_gift_message", "value": "", "display_value": "Hej"}, "Hej"},
		{"a raw and a displayed value", value{"key": "_gift_message", "value": "a\nb", "display_value": "<p>a b</p>"}, "a\nb"},
		{"the name that the screen shows", value{"key": "pa_17", "display_key": "_gift_message", "value": "Hej"}, "Hej"},
		{"another key", value{"key": "gift_message", "value": "Hej"}, ""},
		{"a key that is a number", value{"key": 5, "value": "Hej"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := order(t, value{"line_items": []value{line(value{"meta_data": []value{test.meta}})}})
			if got := parsed(t, body).Lines[0].Message; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAllFourWishesAreRead(t *testing.T) {
	t.Parallel()
	body := order(t, value{"line_items": []value{line(value{"meta_data": []value{
		{"key": "Til", "value": " Bo "},
		{"key": "Modtagers e-mail", "value": "bo@example.dk"},
		{"key": "Leveres", "value": "24.12.2026"},
		{"key": "_gift_message", "value": ""},
		{"key": "_gift_message", "value": "den anden"},
	}})}})
	got := parsed(t, body).Lines[0]
	if got.Recipient != (webshop.Recipient{Name: "Bo", Email: "bo@example.dk"}) || got.DeliverOn != "24.12.2026" || got.Message != "den anden" {
		t.Errorf("got %+v", got)
	}
}

func TestATickedBoxIsReadAsPluginsWriteIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"1": true, "on": true, "yes": true, "Ja": true, " TRUE ": true, "x": true, "": false, "0": false, "no": false, "nej": false, "false": false, "måske": false,
	} {
		body := order(t, value{"line_items": []value{line(value{"meta_data": []value{{"key": "Samlet", "value": text}}})}})
		if got := parsed(t, body); got.Lines[0].OneMail != want || len(got.Doubts) > 0 {
			t.Errorf("%q: got %t, doubts %v", text, got.Lines[0].OneMail, got.Doubts)
		}
	}
	if parsed(t, order(t, value{"line_items": []value{line(nil)}})).Lines[0].OneMail {
		t.Error("a box that is not there is ticked")
	}
}

func TestALineSoldByWeightHoldsNoUnitsAndSpoilsNothing(t *testing.T) {
	t.Parallel()
	body := order(t, value{"line_items": []value{
		line(value{"id": 1, "sku": "OST", "quantity": 0.5}), line(value{"id": 2, "quantity": "2.00"}), line(value{"id": 3, "quantity": "3"}),
	}})
	got := parsed(t, body)
	if got.Lines[0].Quantity != 0 || got.Lines[1].Quantity != 2 || got.Lines[2].Quantity != 3 || len(got.Doubts) != 1 {
		t.Errorf("got %+v, doubts %v", got.Lines, got.Doubts)
	}
}
