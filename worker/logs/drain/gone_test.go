package drain

import (
	"slices"
	"testing"

	"berth/core"
)

// A last line that is collected behind the end of its instance has nothing sent again.
func TestALateLineOfAnInstanceThatIsGone(t *testing.T) {
	w, r := newWorld(t), newReceiver(t)
	w.drain(core.DrainHTTP, core.DrainTarget{URL: r.URL})
	w.drains = New(w.options)
	d := newDrain(w.drains, w.nouns[0], w.targets[w.nouns[0].ID])
	t.Cleanup(d.sender.close)
	w.drains.running[d.ID] = &running{drain: d} // by hand: no step is taken but here
	sendAll := func() {
		for !d.queue.idle() {
			lines, behind, err := d.queue.take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if lines == nil {
				d.catchUp(t.Context(), behind)
			} else if err := d.deliver(t.Context(), d.unsent(lines)); err != nil {
				t.Fatal(err)
			}
		}
	}

	w.write("a", numbered(0, 10)...)
	sendAll()
	w.instances = slices.DeleteFunc(w.instances, func(i core.Instance) bool { return i.ID == "a" })
	d.forgetGone(t.Context())
	w.write("a", "line 10")
	sendAll()
	w.expect(r, numbered(0, 11))
	d.forgetGone(t.Context())
	if left := w.drains.places.of(d.ID); len(left) != 0 {
		t.Errorf("%v is not forgotten", left)
	}
}
