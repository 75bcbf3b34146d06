package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/config"
	"heartbeatd/internal/pcap"
	"heartbeatd/internal/wire"
)

const decodeHelp = `Usage: heartbeatd decode [--authkeys FILE] [--json] FILE...

Prints heartbeat datagrams: their fields, which key signed them, and whether a
3.0.6 node with these keys would take them. A FILE is one raw datagram, or a
capture (pcap or pcapng, as tcpdump -w writes it). - is standard input.

A FILE may also hold what went over a serial line, as cat /dev/ttyS0 writes it.

Of a capture it shows the UDP datagrams from or to the heartbeat port, and any
other that begins like a heartbeat. IP fragments are named, not put together.

With --json each datagram is one object on a line of its own:
  file, valid, reason, detail, format (netstring, classic, none), size,
  key and method (of the signature), heartbeatd_accepts (with --authkeys),
  fields (name to text; binary in hex; lists joined with blanks; a struct is
  an object; of several fields of one name the first), inner_message (the
  fields inside a compressed message), and of a capture packet, time, from, to.

Exit code: 0 all datagrams are valid, 1 some are not, 2 wrong arguments or a
file that cannot be read.
`

// decoder is one run of `heartbeatd decode`.
type decoder struct {
	keys    *auth.Keys // nil without --authkeys
	port    uint16
	print   func(*judged) error
	stdin   io.Reader
	stderr  io.Writer
	invalid bool
}

func decodeCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("decode")
	keyfile := fs.String("authkeys", "", "check signatures with the keys of this `file`")
	asJSON := fs.Bool("json", false, "print one JSON object a line")
	port := fs.Uint16("port", 694, "heartbeat port in captures (udpport of ha.cf)")
	if code, done := parseFlags(fs, decodeHelp, args, stdout, stderr); done {
		return code
	}
	if fs.NArg() == 0 {
		complain(stderr, errors.New("decode: no file given"), "see 'heartbeatd decode --help'")
		return exitUsage
	}
	d := &decoder{port: *port, stdin: stdin, stderr: stderr}
	if fs.Changed("authkeys") {
		if d.keys = readKeys(*keyfile, stderr); d.keys == nil {
			return exitUsage
		}
	}
	out := bufio.NewWriter(stdout)
	defer out.Flush()
	d.print = func(j *judged) error { return j.writeText(out) }
	if *asJSON {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		d.print = func(j *judged) error { return enc.Encode(j) }
	}
	return d.files(fs.Args())
}

// readKeys reads authkeys and says what is wrong with it.
func readKeys(path string, stderr io.Writer) *auth.Keys {
	data, err := os.ReadFile(path)
	if err != nil {
		complain(stderr, fmt.Errorf("reading authkeys: %w", err), "")
		return nil
	}
	keys, problems := config.ParseAuthkeys(path, data)
	for _, p := range problems {
		complain(stderr, errors.New(p.String()), p.Hint)
	}
	return keys
}

func (d *decoder) files(names []string) int {
	code := exitOK
	for _, name := range names {
		if err := d.file(name); err != nil {
			complain(d.stderr, err, "")
			code = exitUsage
		}
	}
	if code == exitOK && d.invalid {
		return exitFailed
	}
	return code
}

// file decodes one file, whatever it is.
func (d *decoder) file(name string) error {
	in := d.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("decode: %w", err)
		}
		defer f.Close()
		in = f
	}
	r := bufio.NewReader(in)
	// A short or empty file is a datagram like any other; only its reader's errors count.
	head, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("decode %s: %w", name, err)
	}
	if pcap.IsCapture(head) {
		return d.capture(name, r)
	}
	data, err := io.ReadAll(io.LimitReader(r, longestRecording))
	if err != nil {
		return fmt.Errorf("decode %s: %w", name, err)
	}
	if messages, bad := serialMessages(data); len(messages) > 0 {
		return d.recording(name, messages, bad)
	}
	return d.show(judge(d.keys, data[:min(len(data), wire.MaxDatagram+1)]), name)
}

func (d *decoder) show(j *judged, file string) error {
	j.File = file
	d.invalid = d.invalid || !j.Valid
	if err := d.print(j); err != nil {
		return fmt.Errorf("decode: writing: %w", err)
	}
	return nil
}

// capture decodes the heartbeat datagrams of a capture and says how much else there was.
func (d *decoder) capture(name string, in io.Reader) error {
	r, err := pcap.NewReader(in)
	if err != nil {
		return fmt.Errorf("decode %s: %w", name, err)
	}
	shown, others := 0, 0
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("decode %s: %w", name, err)
		}
		if !d.concerns(p) {
			others++
			continue
		}
		shown++
		if err := d.show(d.judgePacket(p), name); err != nil {
			return err
		}
	}
	if others += r.Others(); others > 0 || shown == 0 {
		fmt.Fprintf(d.stderr, "%s: %d heartbeat datagrams, %d other packets not shown\n", name, shown, others)
	}
	return nil
}

// concerns says whether a captured datagram is, or may be, a heartbeat. A later fragment has no
// ports, so it may always be.
func (d *decoder) concerns(p *pcap.Packet) bool {
	return p.From.Port() == d.port || p.To.Port() == d.port || p.From.Port() == 0 && p.Fragment ||
		wire.Sniff(p.Payload) != wire.None
}

func (d *decoder) judgePacket(p *pcap.Packet) *judged {
	var j *judged
	switch {
	case p.Fragment:
		j = refused(p.Payload, "ip-fragment", "a piece of an IP datagram; the other pieces are packets of their own")
	case p.Cut:
		j = refused(p.Payload, "snaplen", "the capture kept only the first bytes; capture again with tcpdump -s 0")
	default:
		j = judge(d.keys, bytes.Clone(p.Payload))
	}
	j.Packet = p.Number
	if !p.Time.IsZero() {
		j.Time = p.Time.Format(time.RFC3339Nano)
	}
	j.From, j.To = endpoint(p.From), endpoint(p.To)
	return j
}

// endpoint leaves out a port that is not known.
func endpoint(a netip.AddrPort) string {
	if a.Port() == 0 {
		return a.Addr().String()
	}
	return a.String()
}
