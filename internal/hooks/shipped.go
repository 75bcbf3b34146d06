package hooks

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// shipped are the digests of what 3.0.6 installed, and we do, without comments and blanks.
var shipped = map[string][]string{
	"harc":            {"810b707a56616d875f18e69d89f63909c0b9376f3737215cbc08917949f0a9eb", "5f9f1b1894f4084037daaf2ee75d74baab596c39a4587aaa0b73dfd32c0cb156"}, // and ours,
	"ask_resources":   {"e175be2290a153b1d3b81ee5d2c1f4e4457b253530d4140b98ada7c89e5273f2"},
	"hb_takeover":     {"41fdf46e02a97c1f2ff67bcde274fb70f69873dca1a6d60adbe42fa6db82e60c"},
	"ip-request":      {"609f03bcb5acc162496b2d8db0f0ebbf8ce3e8783cd419730a1bec98ba0e0825"},
	"ip-request-resp": {"70665b2ca75e369d4bf5c3e10cc1f7923208b91c0559099eb9e6b2db09b59379"},
	"status":          {"5d5e8281fb5e5ab6d97c668d6efc0789b403c0f66e4ebb20505160ad1385ae39"},
}

// Shipped says whether a script is the one that 3.0.6 came with by this name: a changed comment, or another
// directory for its programs, does not make it another.
func Shipped(name string, script []byte) bool {
	digests, ok := shipped[name]
	return ok && slices.Contains(digests, digest(script))
}

// programDirs are where distributions put 3.0.6's scripts.
var programDirs = [][]byte{[]byte("/usr/lib/heartbeat"), []byte("/usr/lib64/heartbeat"), []byte("/usr/libexec/heartbeat"), []byte("/usr/local/share/heartbeat")}

func digest(script []byte) string {
	h := sha256.New()
	for _, line := range bytes.Split(script, []byte("\n")) {
		line = bytes.Join(bytes.Fields(line), []byte(" "))
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		for _, dir := range programDirs {
			line = bytes.ReplaceAll(line, dir, []byte("/usr/share/heartbeat"))
		}
		h.Write(append(line, '\n'))
	}
	return hex.EncodeToString(h.Sum(nil))
}
