package bz2

// The marks of a stream and of a block.
const (
	header    = "BZh1"
	blockMark = 0x314159265359
	endMark   = 0x177245385090
)

// blockSize is what a block holds at most, shortened runs counted as they are written. bzip2 itself leaves the
// same few bytes free.
const blockSize = 100_000 - 19

// The runs that are shortened: after four of the same byte comes how many more there are.
const (
	runBegins = 4
	runMost   = 255
)

// Append appends text as a bzip2 stream.
func Append(dst, text []byte) []byte {
	w := bits{out: append(dst, header...)}
	var sum uint32 // of the whole stream
	for len(text) > 0 {
		block, n := shorten(text)
		s := checksum(text[:n])
		w.block(block, s)
		sum = (sum<<1 | sum>>31) ^ s
		text = text[n:]
	}
	w.put(endMark, 48)
	w.put(uint64(sum), 32)
	return w.flush()
}

// shorten makes one block of the beginning of text and says how much of it that took.
func shorten(text []byte) (block []byte, n int) {
	block = make([]byte, 0, min(len(text)+len(text)/runBegins+1, blockSize))
	for n < len(text) {
		c, run := text[n], 1
		for run < runMost && n+run < len(text) && text[n+run] == c {
			run++
		}
		if len(block)+min(run, runBegins+1) > blockSize {
			break
		}
		n += run
		for range min(run, runBegins) {
			block = append(block, c)
		}
		if run >= runBegins {
			block = append(block, byte(run-runBegins))
		}
	}
	return block, n
}

// block writes one block; sum is the checksum of what it stands for.
func (w *bits) block(block []byte, sum uint32) {
	column, origin := lastColumn(block)
	symbols, used := toFront(column)
	w.put(blockMark, 48)
	w.put(uint64(sum), 32)
	w.put(0, 1) // not shuffled: releases before 0.9.5 did that
	w.put(uint64(origin), 24)
	w.used(used)
	w.symbols(symbols)
}

// used writes which bytes occur: first which sixteenths of all, then the bytes of those.
func (w *bits) used(used [256]bool) {
	var parts uint64
	for c, u := range used {
		if u {
			parts |= 1 << (15 - c/16)
		}
	}
	w.put(parts, 16)
	for part := range 16 {
		if parts>>(15-part)&1 == 0 {
			continue
		}
		for c := range 16 {
			w.flag(used[part*16+c])
		}
	}
}

// sums is the table of the checksum: CRC-32 with the most significant bit first.
var sums = func() (t [256]uint32) {
	for i := range t {
		c := uint32(i) << 24
		for range 8 {
			c = c<<1 ^ -(c>>31)&0x04c11db7
		}
		t[i] = c
	}
	return t
}()

func checksum(text []byte) uint32 {
	c := ^uint32(0)
	for _, b := range text {
		c = c<<8 ^ sums[byte(c>>24)^b]
	}
	return ^c
}
