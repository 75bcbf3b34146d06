package bz2

// lastColumn is the last column of the sorted rotations of block, and the row of the one that is not rotated.
func lastColumn(block []byte) (column []byte, origin int) {
	n := len(block)
	column = make([]byte, n)
	for row, begin := range rotations(block) {
		if begin == 0 {
			origin, begin = row, int32(n)
		}
		column[row] = block[begin-1]
	}
	return column, origin
}

// rotations is where each rotation of block begins, in their order. Of two that are alike (a block that repeats
// itself as a whole) either may come first.
//
// They are sorted by their first byte, then by twice as many, and so on, each time by counting: what takes long
// with a text that repeats itself does so only with the logarithm of its length, whoever wrote it.
func rotations(block []byte) []int32 {
	n := len(block)
	order, class := byFirst(block)
	classes := int(class[order[n-1]]) + 1
	count := make([]int32, max(n, 256)+1)
	sorted, next := make([]int32, n), make([]int32, n)
	for length := 1; length < n && classes < n; length *= 2 {
		// By the second half they are in order already: those of the first half that begin length earlier.
		clear(count[:classes])
		for i, begin := range order {
			if begin -= int32(length); begin < 0 {
				begin += int32(n)
			}
			order[i] = begin
			count[class[begin]]++
		}
		ends(count[:classes])
		for i := n - 1; i >= 0; i-- {
			begin := order[i]
			c := class[begin]
			count[c]--
			sorted[count[c]] = begin
		}
		order, sorted = sorted, order
		classes = number(order, class, next, length)
		class, next = next, class
	}
	return order
}

// byFirst orders rotations by their first byte; class is the number of that byte among those that occur.
func byFirst(block []byte) (order, class []int32) {
	order, class = make([]int32, len(block)), make([]int32, len(block))
	var count, names [256]int32
	for _, c := range block {
		count[c]++
	}
	name := int32(0)
	for c, n := range count {
		names[c] = name
		if n > 0 {
			name++
		}
	}
	ends(count[:])
	for i := len(block) - 1; i >= 0; i-- {
		c := block[i]
		count[c]--
		order[count[c]] = int32(i)
		class[i] = names[c]
	}
	return order, class
}

// ends turns counts into where each kind ends.
func ends(count []int32) {
	for i := 1; i < len(count); i++ {
		count[i] += count[i-1]
	}
}

// number gives each rotation its class by twice length bytes, into next; class is that by length bytes.
func number(order, class, next []int32, length int) int {
	n := len(order)
	second := func(begin int32) int32 {
		if i := int(begin) + length; i < n {
			return class[i]
		}
		return class[int(begin)+length-n]
	}
	last := int32(0)
	next[order[0]] = 0
	for i := 1; i < n; i++ {
		a, b := order[i-1], order[i]
		if class[a] != class[b] || second(a) != second(b) {
			last++
		}
		next[b] = last
	}
	return int(last) + 1
}
