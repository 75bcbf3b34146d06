package bz2

// The symbols of a run of zeros: its length in a number system with the digits 1 and 2.
const (
	runA = 0
	runB = 1
)

// toFront writes each byte as the place it has among those that occur, which it then moves to the front of.
// Runs of the place 0 are written as their length, and the last symbol says that the block ends.
func toFront(column []byte) (symbols []uint16, used [256]bool) {
	for _, c := range column {
		used[c] = true
	}
	var places []byte
	for c, u := range used {
		if u {
			places = append(places, byte(c))
		}
	}
	symbols = make([]uint16, 0, len(column)/2+2)
	zeros := 0
	for _, c := range column {
		if places[0] == c {
			zeros++
			continue
		}
		symbols = appendRun(symbols, zeros)
		zeros = 0
		place := 1
		for places[place] != c {
			place++
		}
		copy(places[1:place+1], places[:place])
		places[0] = c
		symbols = append(symbols, uint16(place+1))
	}
	return append(appendRun(symbols, zeros), uint16(len(places)+1)), used
}

func appendRun(symbols []uint16, zeros int) []uint16 {
	for ; zeros > 0; zeros = (zeros - 1) / 2 {
		if zeros&1 == 1 {
			symbols = append(symbols, runA)
		} else {
			symbols = append(symbols, runB)
		}
	}
	return symbols
}
