package lab

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
)

// recorder is the resource script that tells the lab who has it, and when.
//
//go:embed recorder.sh
var recorder string

// What happened to a resource on a host, as [Event.What] and the events file have it.
const (
	EventStart   = "start"   // a start begins
	EventStarted = "started" // and was successful
	EventStop    = "stop"    // a stop begins
	EventStopped = "stopped" // and was successful
	EventPower   = "power"   // the host lost its power, and with it everything it had
)

// Event is one line of the lab's events file: "NANOSECONDS HOST RESOURCE WHAT".
type Event struct {
	At       time.Time
	Host     string
	Resource string
	What     string
}

// InstallRecorder gives the host a resource script of that name which records every start and stop.
// The files NAME.start-fails, NAME.stop-fails and NAME.start-hangs in the host's /var/lib make it
// misbehave while they exist.
func (h *Host) InstallRecorder(name string) error {
	return h.WriteFile("/etc/ha.d/resource.d/"+name, recorder, 0o755)
}

func (l *Lab) eventsFile() string { return filepath.Join(l.Shared(), "events") }

// record adds a line of the lab's own to the events file.
func (l *Lab) record(at time.Time, host, resource, what string) error {
	f, err := os.OpenFile(l.eventsFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("lab: recording an event: %w", err)
	}
	defer f.Close()
	_, err = fmt.Fprintf(f, "%d %s %s %s\n", at.UnixNano(), host, resource, what)
	return err
}

// Events returns everything recorded so far, in order of time.
func (l *Lab) Events() ([]Event, error) {
	f, err := os.Open(l.eventsFile())
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("lab: reading the events: %w", err)
	}
	defer f.Close()
	return ParseEvents(f)
}

// ParseEvents reads an events file. A line cut short by a power cut is an error: the recorder
// writes each with one call.
func ParseEvents(r io.Reader) ([]Event, error) {
	var events []Event
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		f := strings.Fields(lines.Text())
		if len(f) != 4 {
			return nil, fmt.Errorf("events:%d: want 4 words, got %d", n, len(f))
		}
		ns, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("events:%d: %w", n, err)
		}
		switch f[3] {
		case EventStart, EventStarted, EventStop, EventStopped, EventPower:
		default:
			return nil, fmt.Errorf("events:%d: unknown event %q", n, f[3])
		}
		events = append(events, Event{At: time.Unix(0, ns), Host: f[1], Resource: f[2], What: f[3]})
	}
	sort.SliceStable(events, func(i, j int) bool { return events[i].At.Before(events[j].At) })
	return events, lines.Err()
}
