package bz2

import (
	"bytes"
	"compress/bzip2"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// texts are what a compressor may stumble over.
func texts() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 110_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	few := make([]byte, 50_000)
	for i := range few {
		few[i] = "abbbbbbbc"[r.IntN(9)]
	}
	var runs []byte
	for n := range 600 {
		runs = append(append(runs, bytes.Repeat([]byte{byte(n)}, n)...), 'x')
	}
	// Fibonacci's numbers for counts give the longest words.
	var steep []byte
	for a, b, c := 1, 1, byte(0); len(steep) < 60_000; a, b, c = b, a+b, c+1 {
		steep = append(steep, bytes.Repeat([]byte{c, 255 - c}, a)...)
	}
	return map[string][]byte{
		"nothing": nil, "one": []byte("x"), "two": []byte("xy"), "same": []byte("xx"), "NUL": {0},
		"3 alike": []byte("aaa"), "4 alike": []byte("aaaa"), "5 alike": []byte("aaaaa"), "255 alike": bytes.Repeat([]byte("a"), 255),
		"256 alike": bytes.Repeat([]byte("a"), 256), "259 alike": bytes.Repeat([]byte("a"), 259), "zeros": make([]byte, 2_097_152),
		"period": bytes.Repeat([]byte("abcde"), 100), "long period": bytes.Repeat([]byte("abcde"), 8_000), "noise": noise, "few": few, "runs": runs,
		"steep": steep, "claim": []byte(strings.Repeat("12:3456:IPaddr2::10.0.0.1/24/eth0 ", 1000)),
		"full block": noise[:blockSize], "one more": noise[:blockSize+1], "block of runs": bytes.Repeat([]byte("aaaa"), blockSize/5),
		"run across blocks": append(bytes.Clone(noise[:blockSize-2]), bytes.Repeat([]byte("q"), 300)...),
	}
}

func TestAppend(t *testing.T) {
	for name, text := range texts() {
		packed := Append([]byte("before"), text)
		rest, ok := bytes.CutPrefix(packed, []byte("before"))
		if !ok {
			t.Errorf("%s: what stood before is gone", name)
		}
		got, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(rest)))
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: %d bytes of %d came back (%v)", name, len(got), len(text), err)
		}
		if !bytes.Equal(Append(nil, text), rest) {
			t.Errorf("%s: not the same twice", name)
		}
	}
}

// TestAsBzip2 has bzip2 itself read what we write, and compares how much is saved.
func TestAsBzip2(t *testing.T) {
	if _, err := exec.LookPath("bzip2"); err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
			t.Fatal("cannot run here, and nothing may be skipped: bzip2 is not installed")
		}
		t.Skip("bzip2 is not installed")
	}
	pipe := func(in []byte, args ...string) []byte {
		cmd := exec.Command("bzip2", args...)
		cmd.Stdin = bytes.NewReader(in)
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("bzip2 %v: %v", args, err)
		}
		return out
	}
	for name, text := range texts() {
		packed := Append(nil, text)
		if got := pipe(packed, "-dc"); !bytes.Equal(got, text) {
			t.Errorf("%s: %d bytes of %d came back", name, len(got), len(text))
		}
		if theirs := len(pipe(text, "-1c")); len(packed) > theirs+theirs/50+8 {
			t.Errorf("%s: %d bytes, bzip2 makes %d", name, len(packed), theirs)
		}
	}
}

// TestWordsAreShort: what a code of Huffman's would make too long is evened out.
func TestWordsAreShort(t *testing.T) {
	counts := []int{1, 1}
	for len(counts) < 40 {
		counts = append(counts, counts[len(counts)-1]+counts[len(counts)-2])
	}
	room := 0.0
	for _, l := range wordLengths(counts) {
		if l < 1 || l > longestCode {
			t.Fatalf("a word of %d bits", l)
		}
		room += 1 / float64(int(1)<<l)
	}
	if room != 1 {
		t.Errorf("the code is not complete: %v", room)
	}
}

func FuzzAppend(f *testing.F) {
	for _, text := range texts() {
		if len(text) < 5000 {
			f.Add(text, uint16(1))
			f.Add(text, uint16(300))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, times uint16) {
		if text = bytes.Repeat(text, int(times)%1000); len(text) > 400_000 {
			return
		}
		got, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(Append(nil, text))))
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("%d bytes of %d came back (%v)", len(got), len(text), err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for name, text := range texts() {
		if len(text) < 50_000 {
			continue
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Append(nil, text)
			}
		})
	}
}
