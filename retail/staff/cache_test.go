package staff

import (
	"strconv"
	"testing"
	"time"
)

func named(id string) known { return known{actor: Actor{KeyID: id}} }

func TestOneOfManyAsksWhenAKeyAges(t *testing.T) {
	t.Parallel()
	w := newWatch()
	c := newCache(w.now)
	c.keep(named("a"))
	w.pass(keepFor)
	if _, fresh := c.lookUp("a"); fresh {
		t.Error("nobody asks")
	}
	if _, fresh := c.lookUp("a"); !fresh {
		t.Error("the second asks too")
	}
	w.pass(askFor)
	if _, fresh := c.lookUp("a"); fresh {
		t.Error("nobody asks again when the first got no answer")
	}
}

func TestAKeyLongOutOfUseIsAskedForByAll(t *testing.T) {
	t.Parallel()
	w := newWatch()
	c := newCache(w.now)
	c.keep(named("a"))
	w.pass(time.Hour)
	for range 2 {
		if _, fresh := c.lookUp("a"); fresh {
			t.Error("an old key counts as fresh")
		}
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	w := newWatch()
	c := newCache(w.now)
	for i := range 3 * keepKeys {
		id := strconv.Itoa(i)
		c.keep(named(id))
		if _, fresh := c.lookUp(id); !fresh {
			t.Fatalf("key %d is not kept", i)
		}
	}
	if len(c.keys) > keepKeys {
		t.Errorf("%d keys are kept", len(c.keys))
	}
	w.pass(keepFor)
	c.keep(named("new"))
	if len(c.keys) != 1 {
		t.Errorf("%d keys are kept when all others are old", len(c.keys))
	}
}
