package bz2

import "slices"

const (
	groupSize   = 50 // symbols that share a code
	longestCode = 17 // bits; what bzip2 writes itself, and readers take 20
	rounds      = 4  // of choosing codes for groups, and making codes of what chose them
)

// symbols writes the codes and what is written in them. The last symbol is the highest one.
func (w *bits) symbols(symbols []uint16) {
	size := int(symbols[len(symbols)-1]) + 1
	lengths, chosen := codes(symbols, size)
	w.put(uint64(len(lengths)), 3)
	w.put(uint64(len(chosen)), 15)
	w.choices(chosen, len(lengths))
	words := make([][]uint32, len(lengths))
	for i, l := range lengths {
		w.lengths(l)
		words[i] = assign(l)
	}
	for i, s := range symbols {
		code := chosen[i/groupSize]
		w.put(uint64(words[code][s]), uint(lengths[code][s]))
	}
}

// choices writes which code each group has, by the place that it has among them, as toFront does.
func (w *bits) choices(chosen []int, n int) {
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	for _, code := range chosen {
		place := slices.Index(places, code)
		copy(places[1:place+1], places[:place])
		places[0] = code
		for range place {
			w.put(1, 1)
		}
		w.put(0, 1)
	}
}

// lengths writes the length of each word of a code by what it differs from the one before.
func (w *bits) lengths(lengths []uint8) {
	now := lengths[0]
	w.put(uint64(now), 5)
	for _, l := range lengths {
		for ; now < l; now++ {
			w.put(0b10, 2)
		}
		for ; now > l; now-- {
			w.put(0b11, 2)
		}
		w.put(0, 1)
	}
}

// howMany codes are worth their tables. A block has two at least.
func howMany(symbols int) int {
	switch {
	case symbols < 200:
		return 2
	case symbols < 600:
		return 3
	case symbols < 1200:
		return 4
	case symbols < 2400:
		return 5
	}
	return 6
}

// codes makes the codes, by the lengths of their words, and chooses one for each group.
func codes(symbols []uint16, size int) (lengths [][]uint8, chosen []int) {
	lengths = firstGuess(symbols, size, howMany(len(symbols)))
	chosen = make([]int, (len(symbols)+groupSize-1)/groupSize)
	for range rounds {
		counts := make([][]int, len(lengths))
		for i := range counts {
			counts[i] = make([]int, size)
		}
		for g := range chosen {
			group := symbols[g*groupSize : min((g+1)*groupSize, len(symbols))]
			best := shortest(lengths, group)
			chosen[g] = best
			for _, s := range group {
				counts[best][s]++
			}
		}
		for i := range lengths {
			lengths[i] = wordLengths(counts[i])
		}
	}
	return lengths, chosen
}

// shortest is the code in which a group takes the fewest bits.
func shortest(lengths [][]uint8, group []uint16) int {
	best, fewest := 0, 0
	for i, l := range lengths {
		cost := 0
		for _, s := range group {
			cost += int(l[s])
		}
		if i == 0 || cost < fewest {
			best, fewest = i, cost
		}
	}
	return best
}

// firstGuess gives each code a range of symbols of its own, each about as often seen, where its words are free.
func firstGuess(symbols []uint16, size, n int) [][]uint8 {
	count := make([]int, size)
	for _, s := range symbols {
		count[s]++
	}
	lengths := make([][]uint8, n)
	left, from := len(symbols), 0
	for i := range lengths {
		l := make([]uint8, size)
		for s := range l {
			l[s] = 15
		}
		share := left / (n - i)
		for seen := 0; from < size && (seen < share || i == n-1); from++ {
			l[from] = 0
			seen += count[from]
			left -= count[from]
		}
		lengths[i] = l
	}
	return lengths
}

// wordLengths are those of Huffman's code. Every symbol gets a word; where one is too long the counts are evened
// out until none is.
func wordLengths(counts []int) []uint8 {
	weights := make([]int, len(counts))
	for i, c := range counts {
		weights[i] = max(c, 1)
	}
	for {
		lengths := huffman(weights)
		if slices.Max(lengths) <= longestCode {
			return lengths
		}
		for i, w := range weights {
			weights[i] = w/2 + 1
		}
	}
}

// assign gives out the words of a code: short before long, and in the order of symbols.
func assign(lengths []uint8) []uint32 {
	words := make([]uint32, len(lengths))
	word := uint32(0)
	for length := slices.Min(lengths); length <= slices.Max(lengths); length++ {
		for s, l := range lengths {
			if l == length {
				words[s] = word
				word++
			}
		}
		word <<= 1
	}
	return words
}

// huffman is how deep each symbol stands in Huffman's tree. There are two symbols at least.
//
// The lightest of what has no parent yet is the first of the symbols in their order, or of the pairs in that in
// which they were made, for no pair is lighter than one made before it.
func huffman(weights []int) []uint8 {
	n := len(weights)
	leaves := make([]int, n)
	for i := range leaves {
		leaves[i] = i
	}
	slices.SortStableFunc(leaves, func(a, b int) int { return weights[a] - weights[b] })
	weight, parent := slices.Clone(weights), make([]int, 2*n-1)
	pair := n // the first without parent
	lightest := func() int {
		if len(leaves) > 0 && (pair == len(weight) || weight[leaves[0]] <= weight[pair]) {
			leaf := leaves[0]
			leaves = leaves[1:]
			return leaf
		}
		pair++
		return pair - 1
	}
	for node := n; node < 2*n-1; node++ {
		a, b := lightest(), lightest()
		parent[a], parent[b] = node, node
		weight = append(weight, weight[a]+weight[b])
	}
	depth := make([]uint8, 2*n-1)
	for node := 2*n - 3; node >= 0; node-- {
		depth[node] = depth[parent[node]] + 1
	}
	return depth[:n]
}
