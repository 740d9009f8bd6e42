package layout

import "testing"

// A shard is a range of slots, and what of it lies in a partition is one range of
// the table.
func TestSlotsLieInTheirPartitionsInOrder(t *testing.T) {
	partitions := map[string]int{}
	for slot := range Slots {
		partitions[SlotKey("m", slot)]++
		last := LastOfPartition(slot)
		if SlotKey("m", slot) != SlotKey("m", last) {
			t.Errorf("slots %d and %d lie in %s and %s, want one partition", slot, last, SlotKey("m", slot), SlotKey("m", last))
		}
		if last+1 < Slots && SlotKey("m", last) == SlotKey("m", last+1) {
			t.Errorf("slot %d is not the last of its partition", last)
		}
		if slot > 0 && FollowerItem(slot-1, "~") >= FollowerItem(slot, "") {
			t.Errorf("slot %d is not after the one before it", slot)
		}
	}
	if len(partitions) != Partitions {
		t.Errorf("partitions = %v, want %d", partitions, Partitions)
	}
	if got := FollowerItem(3, "L0SM9cOFvHcCIhw="); got != "connection#03#L0SM9cOFvHcCIhw=" {
		t.Errorf("item = %s", got)
	}
}

// A match takes half of the posters at most, as long as there are two.
func TestAMatchLeavesPostersToTheOthers(t *testing.T) {
	for posters, want := range map[int]int{1: 1, 2: 1, 7: 1, 8: 4, 31: 4, 32: 16, 64: 16, 127: 16, 128: 64, 1000: 64} {
		if got := MostShards(posters); got != want {
			t.Errorf("MostShards(%d) = %d, want %d", posters, got, want)
		}
	}
}

func TestConnectionsAreSpread(t *testing.T) {
	slots := [Slots]int{}
	for a := 'a'; a <= 'z'; a++ {
		for b := 'a'; b <= 'z'; b++ {
			slots[Slot("L0SM9c"+string(a)+string(b)+"cCIhw=")]++
		}
	}
	for slot, n := range slots {
		if n > 40 {
			t.Errorf("slot %d has %d of 676, want some 11", slot, n)
		}
	}
}
